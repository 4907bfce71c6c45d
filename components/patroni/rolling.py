"""Restarts that take one member at a time, replicas before the leader."""

from __future__ import annotations

import time

from components.patroni.decisions import Restart, missing, restarts
from components.patroni.failure import ClusterError
from components.patroni.rest import Patroni
from components.patroni.waiting import until

LEADER_LIMIT = 60.0
LEADERLESS_LIMIT = 25.0  # longer than any failover
WHOLE_LIMIT = 120.0
SWITCHOVER_LIMIT = 60.0  # in which a replica that was just restarted answers the others again


def wait_whole(
    patroni: Patroni, durability: str, limit: float = WHOLE_LIMIT, spared: frozenset[str] = frozenset()
) -> None:
    """Until a leader and every replica are there, replicas streaming and counted as synchronous if they shall be.

    `spared` members need not be.
    """
    names = [name for name in patroni.members if name not in spared]

    def lacking() -> str:
        return missing([one for one in patroni.view() if one["name"] not in spared], names, durability)

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
    def hint() -> str:
        return f"{log}{f'; last trouble: {patroni.trouble}' if patroni.trouble else ''}"

    return until(patroni.leader, LEADER_LIMIT, f"a leader of {scope}", hint)


def switchover(patroni: Patroni, leader: str) -> None:
    """Gives the leadership to a replica of Patroni's choice; a refusal is tried again while replicas come back."""
    deadline = time.monotonic() + SWITCHOVER_LIMIT
    while True:
        try:
            # No candidate is named: the others would wait 2 s for that one.
            patroni.order(leader, "POST", "/switchover", {"leader": leader}, f"switchover away from {leader}")
            break
        except ClusterError:
            if patroni.leader() not in (leader, None):
                break
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)
    until(lambda: patroni.leader() not in (leader, None), LEADER_LIMIT, f"a leader other than {leader}")


def roll(patroni: Patroni, durability: str, *, primary_first: bool, spared: frozenset[str] = frozenset()) -> list[str]:
    """Restarts the members that wait for it, the cluster whole between two of them; what was done, in words."""
    done = []
    for step in restarts(patroni.view(), primary_first=primary_first):
        _restart(patroni, step)
        wait_whole(patroni, durability, spared=spared)
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
