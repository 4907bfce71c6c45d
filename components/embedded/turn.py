"""Whose turn it is to restart: one member at a time, the leader last, also when several `up`s run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from components.embedded.failure import EmbeddedError
from components.patroni.rest import Patroni
from components.patroni.waiting import PAUSE

TURN_LIMIT = 600.0
GRACE = 1.0  # in which the other members of the same `up` say that they want to restart too


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(handle: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _others_wait(root: Path, name: str) -> bool:
    """Whether another member has announced itself. Its announcement is a lock, so it ends with who made it."""
    for path in root.glob(".waiting-*"):
        if path.name == f".waiting-{name}":
            continue
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                if not _try_lock(handle):
                    return True
            finally:
                os.close(handle)
    return False


@contextlib.contextmanager
def turn(root: Path, name: str, patroni: Patroni | None) -> Iterator[None]:
    """Holds the platform's restart lock; the leader (asked of `patroni`) comes after all others that wait."""
    announcement = root / f".waiting-{name}"
    announced, lock = _open(announcement), _open(root / ".rolling.lock")
    began = time.monotonic()
    try:
        fcntl.flock(announced, fcntl.LOCK_EX)
        while True:
            leads = patroni is not None and patroni.leader() == name
            if not (leads and (time.monotonic() - began < GRACE or _others_wait(root, name))) and _try_lock(lock):
                break
            if time.monotonic() - began > TURN_LIMIT:
                raise EmbeddedError(
                    f"waited {TURN_LIMIT:g} s for {name}'s turn to restart; another up holds {root}/.rolling.lock"
                )
            time.sleep(PAUSE)
        announcement.unlink(missing_ok=True)
        os.close(announced)
        announced = -1
        yield
    finally:
        if announced >= 0:
            announcement.unlink(missing_ok=True)
            os.close(announced)
        os.close(lock)
