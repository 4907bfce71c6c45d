"""Runs the long programs of the set-up: a line that counts the seconds, a log for what they say, a limit for each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.setup.places import LOG, ROOT

EVERY_SECONDS = 15.0  # between two lines where there is no terminal to rewrite one
LAST_LINES = 12


class SetupError(Exception):
    """The set-up cannot go on; the text says what to do."""


def say(text: str) -> None:
    """One line for the person; never on standard output, which belongs to the target's result."""
    print(text, file=sys.stderr, flush=True)


def run(
    title: str, argv: Sequence[str], *, limit: float, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> str:
    """Run a program to its end and return its standard output; what it printed is in the set-up's log.

    Raises SetupError with the last lines when it fails or takes longer than `limit` seconds.
    """
    LOG.parent.mkdir(mode=0o700, exist_ok=True)
    LOG.touch(mode=0o600)
    with LOG.open("a+b") as log:
        log.write(f"\n== {title}: {' '.join(argv)}\n".encode())
        log.flush()
        begin = log.tell()
        with _started(argv, log.fileno(), cwd, env) as process:
            code = _watch(title, process, limit)
        log.seek(begin)
        output = log.read().decode(errors="replace")
    if code != 0:
        raise SetupError(_failure(title, code, limit, output))
    return output


def _started(argv: Sequence[str], log: int, cwd: Path, env: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
    """In a session of its own, so that a limit or Ctrl-C ends all that it started."""
    everything = {**os.environ, **(env or {})}
    try:
        return subprocess.Popen(
            argv, cwd=cwd, env=everything, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    except OSError as error:
        raise SetupError(f"{argv[0]} cannot be started: {error.strerror}") from None


def _watch(title: str, process: subprocess.Popen[bytes], limit: float) -> int | None:
    """The exit code; None when the limit passed. Shows the seconds meanwhile."""
    begin = time.monotonic()
    line = Line(title)
    try:
        while True:
            elapsed = time.monotonic() - begin
            try:
                code = process.wait(timeout=0.2 if elapsed < 2 else 1.0)
            except subprocess.TimeoutExpired:
                line.show(elapsed)
            else:
                line.end(time.monotonic() - begin, code == 0)
                return code
            if elapsed > limit:
                line.end(elapsed, done=False)
                return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


class Line:
    """`title ... 12 s`, rewritten on a terminal, repeated now and then elsewhere."""

    def __init__(self, title: str) -> None:
        self._title, self._terminal, self._shown = title, sys.stderr.isatty(), -EVERY_SECONDS
        if not self._terminal:
            say(f"  {title} ...")
            self._shown = 0.0

    def show(self, elapsed: float) -> None:
        """Called often; prints when there is something new to see."""
        if self._terminal:
            sys.stderr.write(f"\r  {self._title} ... {elapsed:.0f} s ")
            sys.stderr.flush()
        elif elapsed - self._shown >= EVERY_SECONDS:
            self._shown = elapsed
            say(f"  {self._title} ... {elapsed:.0f} s")

    def end(self, elapsed: float, done: bool) -> None:
        """The last word on it."""
        start = "\r" if self._terminal else ""
        say(f"{start}  {self._title}: {'done' if done else 'failed'} in {elapsed:.1f} s")


def _failure(title: str, code: int | None, limit: float, output: str) -> str:
    what = f"took longer than {limit:.0f} s" if code is None else f"failed with exit code {code}"
    last = "\n".join(f"    {line}" for line in output.strip().splitlines()[-LAST_LINES:])
    return f"{title} {what}; all of it is in {LOG.relative_to(ROOT)}. Its last lines:\n{last}"
