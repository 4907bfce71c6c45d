"""A process of moto's for as long as a block runs: waited for, ended by pid."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_S, PAUSE_S, END_S = 60.0, 0.2, 10.0


@contextmanager
def served(
    command: Sequence[str], ask: Callable[[], object], where: str, *, env: Mapping[str, str] | None, cwd: Path | None
) -> Iterator[None]:
    """`ask` raises OSError until the process answers at `where`."""
    process = subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, ask, where)
        yield
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(END_S)


def _wait(process: subprocess.Popen[bytes], ask: Callable[[], object], where: str) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert process.poll() is None, f"moto ended with {process.returncode} before it answered at {where}"
        try:
            ask()
            return
        except OSError:
            time.sleep(PAUSE_S)
    raise AssertionError(f"moto did not answer at {where} within {START_S:g} s")
