"""Runs a command and ends it when whoever started this program is gone, in whatever way: `python guard.py COMMAND ...`.

The starter holds the other end of standard input and never writes: its end of file means that it has gone. That works
after SIGKILL too, and on every Unix. Standard library alone. It leads a process group of its own and ends it whole, for
kubectl may have started others (wrappers, programs that fetch tokens).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

GRACE_S = 2.0


def main(command: list[str]) -> None:
    """Does not return where it leads its group."""
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        sys.stdout.write(f"error: {command[0]} cannot be started: {error.strerror}\n")
        return
    signal.signal(signal.SIGTERM, lambda _signal, _frame: child.terminate())
    threading.Thread(target=_end_with_starter, args=[child], daemon=True).start()
    child.wait()
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)


def _end_with_starter(child: subprocess.Popen[bytes]) -> None:
    os.read(sys.stdin.fileno(), 1)
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    main(sys.argv[1:])
