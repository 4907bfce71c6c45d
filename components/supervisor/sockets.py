"""Cuts single connections of a child process, so that no client waits for a primary that hangs.

PgBouncer closes a connection to a former primary when its transaction ends; one that hangs (frozen, or behind a lost
network) never ends it. As its parent we may duplicate the child's socket (pidfd_getfd) and shut it down: the client
gets an error at once instead of waiting for a TCP timeout. Where the kernel refuses (Linux < 5.6,
seccomp), nothing is done.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from pathlib import Path

_PIDFD_GETFD = 438
_libc = ctypes.CDLL(None, use_errno=True)


def resolve(addresses: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
    """The numeric (address, port) pairs behind host names."""
    found: set[tuple[str, int]] = set()
    for host, port in addresses:
        with contextlib.suppress(OSError):
            for *_, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                found.add((str(where[0]), int(where[1])))
    return frozenset(found)


def cut(pid: int, peers: frozenset[tuple[str, int]]) -> int:
    """Shuts down each TCP connection of process `pid` to one of `peers` (numeric); returns how many there were."""
    try:
        process = os.pidfd_open(pid)
    except OSError:
        return 0
    try:
        return sum(_cut_one(process, number, peers) for number in _sockets(pid))
    finally:
        os.close(process)


def _sockets(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208  thousands of them: no Path objects
            with contextlib.suppress(OSError):
                if str(Path(f"/proc/{pid}/fd/{name}").readlink()).startswith("socket:"):
                    found.append(int(name))
    return found


def _cut_one(process: int, number: int, peers: frozenset[tuple[str, int]]) -> bool:
    handle = _libc.syscall(_PIDFD_GETFD, process, number, 0)
    if handle < 0:
        return False
    with socket.socket(fileno=handle) as connection, contextlib.suppress(OSError):
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        # Looked at through our own duplicate: the number may mean another socket by now, this handle cannot.
        if connection.getpeername()[:2] in peers:
            connection.shutdown(socket.SHUT_RDWR)
            return True
    return False
