"""moto as a server of its own process, so that several runs of the engine see the same cloud."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tests.ports import free_port

START_S = 60.0


@contextmanager
def emulator() -> Iterator[str]:
    """The address of a fresh, empty cloud; ended by pid."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    known = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, env=known, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(address, process)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"moto ended with {process.returncode} before it answered at {address}")
        try:
            with urllib.request.urlopen(f"{address}/moto-api/", timeout=2):  # noqa: S310  # loopback, ours
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"moto did not answer at {address} within {START_S:g} s")
