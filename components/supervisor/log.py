"""A log file that cannot fill a disk: timestamped lines, two files at most."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from datetime import UTC, datetime


class Log:
    """Appends to `path` (mode 0600); at `limit` bytes the file becomes `path`.1 and a new one begins.

    A full or broken disk loses lines, never the supervisor: keeping servers alive matters more than writing about it.
    """

    def __init__(self, path: str, limit: int, name: str) -> None:
        self._path, self._limit, self._name = path, limit, name
        self._lock = threading.Lock()
        self._file = -1
        self._size = 0

    def __call__(self, message: str) -> None:
        """One line of the supervisor's own."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        self.write(f"{stamp} UTC {self._name}: {message}\n".encode())

    def write(self, text: bytes) -> None:
        """What a program wrote, as it stands."""
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


def complain(message: str) -> None:
    """Before there is a log: to standard error."""
    sys.stderr.write(message + "\n")
