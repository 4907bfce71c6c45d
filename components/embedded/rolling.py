"""Restarts that take one member at a time, replicas before the leader, under a lock that several `up`s share."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from components.embedded.decisions import Restart, missing, restarts
from components.embedded.failure import EmbeddedError
from components.embedded.patroni_rest import Patroni
from components.embedded.waiting import PAUSE, until

TURN_LIMIT = 600.0
GRACE = 1.0  # in which the other members of the same `up` say that they want to restart too
LEADER_LIMIT = 60.0
LEADERLESS_LIMIT = 25.0  # longer than any failover
WHOLE_LIMIT = 120.0
SWITCHOVER_TRIES = 4


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


def wait_whole(patroni: Patroni, durability: str, limit: float = WHOLE_LIMIT) -> None:
    """Until a leader and every replica are there, replicas streaming and counted as synchronous if they shall be."""
    names = list(patroni.members)

    def lacking() -> str:
        return missing(patroni.view(), names, durability)

    until(lambda: not lacking() or None, limit, "the cluster to be whole", lambda: f": {lacking()}")


def wait_steady(patroni: Patroni, durability: str) -> None:
    """Until those that are there are well: a member that restarts meanwhile could be one too many.

    A cluster that stays without a leader has nothing left to lose, and perhaps the restart is what it needs.
    """
    began = time.monotonic()

    def look() -> bool:
        if not missing(patroni.view(), [], durability):
            return True
        return time.monotonic() - began > LEADERLESS_LIMIT and patroni.leader() is None

    def lacking() -> str:
        return f": {missing(patroni.view(), [], durability)}"

    until(look, WHOLE_LIMIT, "the other members to be well", lacking)


def wait_leader(patroni: Patroni, scope: str, log: str = "") -> str:
    return until(patroni.leader, LEADER_LIMIT, f"a leader of {scope}", lambda: log)


def switchover(patroni: Patroni, leader: str) -> None:
    """Gives the leadership to a replica of Patroni's choice; a refusal is tried again while replicas come back."""
    for attempt in range(1, SWITCHOVER_TRIES + 1):
        try:
            # No candidate is named: the others would wait 2 s for that one.
            patroni.order(leader, "POST", "/switchover", {"leader": leader}, f"switchover away from {leader}")
            break
        except EmbeddedError:
            if patroni.leader() not in (leader, None):
                break
            if attempt == SWITCHOVER_TRIES:
                raise
            time.sleep(1.0)
    until(lambda: patroni.leader() not in (leader, None), LEADER_LIMIT, f"a leader other than {leader}")


def roll(patroni: Patroni, durability: str, *, primary_first: bool) -> list[str]:
    """Restarts the members that wait for it, the cluster whole between two of them; what was done, in words."""
    done = []
    for step in restarts(patroni.view(), primary_first=primary_first):
        _restart(patroni, step)
        wait_whole(patroni, durability)
        done.append(f"{step.member}: {'switched over and ' if step.switchover else ''}restarted")
    return done


def _restart(patroni: Patroni, step: Restart) -> None:
    if step.switchover and patroni.leader() == step.member:
        switchover(patroni, step.member)
        until(
            lambda: _state(patroni, step.member) == "streaming", WHOLE_LIMIT, f"{step.member} to follow the new leader"
        )
    if waits_for_restart(patroni, step.member):
        patroni.order(step.member, "POST", "/restart", {"restart_pending": True}, f"restart of {step.member}")


def _state(patroni: Patroni, name: str) -> str | None:
    return next((str(one["state"]) for one in patroni.view() if one["name"] == name), None)


def waits_for_restart(patroni: Patroni, name: str) -> bool:
    """Whether Patroni says that this member's PostgreSQL runs with older parameters than it has."""
    return bool((patroni.look(name, "/patroni") or {}).get("pending_restart"))
