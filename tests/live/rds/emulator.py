"""moto as a server of its own process, so that several runs of the engine see the same cloud."""

from __future__ import annotations

import os
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tests.live.rds.served import served
from tests.ports import free_port


@contextmanager
def emulator() -> Iterator[str]:
    """The address of a fresh, empty cloud; ended by pid."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    known = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with served(command, lambda: _asked(address), address, env=known, cwd=None):
        yield address


def _asked(address: str) -> None:
    urllib.request.urlopen(f"{address}/moto-api/", timeout=2).close()  # noqa: S310  # loopback, ours
