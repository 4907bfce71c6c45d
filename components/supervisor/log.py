"""A log file that cannot fill a disk: timestamped lines, two files at most."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from datetime import UTC, datetime

_LONGEST_LINE = 65536


class Log:
    """Appends to `path` (mode 0600); at `limit` bytes the file becomes `path`.1 and a new one begins. "-" is the
    standard output, which a container's machine keeps and bounds.

    A full or broken disk loses lines, never the supervisor: keeping servers alive matters more than writing about it.
    """

    def __init__(self, path: str, limit: int, name: str) -> None:
        self._path, self._name = path, name
        self._lock = threading.Lock()
        self._file = sys.stdout.fileno() if path == "-" else -1
        self._size = 0
        self._limit = limit if path != "-" else float("inf")

    def __call__(self, message: str) -> None:
        """One line of the supervisor's own."""
        self.write(stamped(self._name, message.encode()))

    def write(self, text: bytes) -> None:
        """Whole lines, as they stand."""
        with self._lock, contextlib.suppress(OSError):
            self._open()
            self._size += os.write(self._file, text)

    def _open(self) -> None:
        if self._file >= 0 and self._size < self._limit:
            return
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            os.replace(self._path, f"{self._path}.1")  # noqa: PTH105
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size


class Lines:
    """What one program writes, in pieces of any size: handed to the log line by line, each with a time.

    Patroni, PostgreSQL, PgBouncer and etcd stamp their lines themselves; HAProxy and tracebacks do not.
    """

    def __init__(self, log: Log, name: str) -> None:
        self._log, self._name = log, name
        self._rest = b""

    def feed(self, text: bytes) -> None:
        *lines, self._rest = (self._rest + text).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        self._log.write(b"".join(self._stamped(line) for line in lines))

    def end(self) -> None:
        """The program is done: what came without an end of line is a line too."""
        if self._rest:
            self._log.write(self._stamped(self._rest))
            self._rest = b""

    def _stamped(self, line: bytes) -> bytes:
        return line + b"\n" if line.startswith((b"20", b"{")) else stamped(self._name, line)


def stamped(name: str, line: bytes) -> bytes:
    """A line with the time (UTC) and a name before it."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"{stamp} UTC {name}: ".encode() + line + b"\n"


def complain(message: str) -> None:
    """Before there is a log: to standard error."""
    sys.stderr.write(message + "\n")
