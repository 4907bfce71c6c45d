"""The configuration that all members share: brought about by PATCH, then by restarts where PostgreSQL needs them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from components.patroni import hba
from components.patroni.decisions import STANDBY, configuration_drift, lowers, patch, rounds, turning
from components.patroni.provider import Spec, say
from components.patroni.rest import Patroni
from components.patroni.rolling import WHOLE_LIMIT, roll, wait_leader, wait_whole, waits_for_restart
from components.patroni.waiting import until
from components.render.impact import impact

Change = Mapping[str, Any]
TURNED_LIMIT = 900.0  # a promotion replays what has arrived; who is to follow another cluster may have to copy it


def bring_about(
    spec: Spec,
    patroni: Patroni,
    in_force: Callable[[Change], None],
    settled: Callable[[], None] = lambda: None,
    turn: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
    hint: str = "",
    old: Spec | None = None,
) -> None:
    """Makes the live configuration the spec's and restarts the members that wait for it, one at a time.

    `in_force` returns when each member has taken a change over or says that it needs a restart; `settled` when
    pg_hba.conf is in force; `turn` keeps others from restarting meanwhile. What an interrupted run left is finished.
    Raises ClusterError.
    """
    leader = wait_leader(patroni, spec["scope"], hint)
    for _ in range(2):  # the second finds what lowering something put off
        live = patroni.configuration() or {}
        for change in rounds(wanted_change(spec, live, old), live)[:1]:
            patroni.order(leader, "PATCH", "/config", change, "change of the dynamic configuration")
            in_force(change)
            if STANDBY in change:
                _wait_turned(patroni)
            _roll(spec, patroni, turn, primary_first=lowers(change, live))
            leader = wait_leader(patroni, spec["scope"], hint)
    settled()
    _roll(spec, patroni, turn, primary_first=False)
    _wait_turned(patroni)
    limit = TURNED_LIMIT if STANDBY in spec["configuration"] else WHOLE_LIMIT
    wait_whole(patroni, spec["durability"], limit, spared=spared(spec))


def _wait_turned(patroni: Patroni) -> None:
    """Until the leader takes writes, or follows another cluster, as the configuration says by now."""

    def lacking() -> str:
        live, leader = patroni.configuration(), patroni.leader()
        told = patroni.look(leader, "/patroni") if leader else None
        return turning(leader, (told or {}).get("role"), live) if live is not None else "no member answers"

    until(lambda: not lacking() or None, TURNED_LIMIT, "the leader to be what it shall be", lambda: f": {lacking()}")


def wanted_change(spec: Spec, live: Change, old: Spec | None) -> dict[str, Any]:
    """The PATCH to be sent. A standby cluster that shall be none any more is promoted; one that an operator made is not
    the stack's to end.
    """
    change = patch(spec["configuration"], live)
    ours = old is not None and STANDBY in old["configuration"]
    if ours and STANDBY in live and STANDBY not in spec["configuration"]:
        change[STANDBY] = None
    return change


def spared(spec: Spec) -> frozenset[str]:
    """Members that nobody waits for: the fenced ones."""
    return frozenset(spec.get("fenced", ()))


def _roll(
    spec: Spec, patroni: Patroni, turn: Callable[[], AbstractContextManager[None]], *, primary_first: bool
) -> None:
    if not waiting(patroni):
        return
    with turn():
        wait_whole(patroni, spec["durability"], spared=spared(spec))
        say(roll(patroni, spec["durability"], primary_first=primary_first, spared=spared(spec)))


def waiting(patroni: Patroni) -> list[str]:
    """The members that wait for a restart."""
    return [name for name in patroni.members if waits_for_restart(patroni, name)]


def drift(spec: Spec, coming: Spec, view: Sequence[Mapping[str, Any]], live: Change) -> list[str]:
    """What somebody changed, and who waits for a restart; one sentence each. `view` are the members as one tells it."""
    theirs = live.get("postgresql", {}).get(hba.KEY)
    lines = hba.differences("dynamic configuration: pg_hba", hba.wanted(spec["configuration"]), theirs or [])
    waits = [str(one["name"]) for one in view if one.get("pending_restart")]
    return [
        *configuration_drift(hba.without(spec["configuration"]), hba.without(live)),
        *(lines if theirs != hba.wanted(coming["configuration"]) else ()),
        *(f"{name}: waits for a restart" for name in waits),
    ]


def changes(old: Spec, new: Spec) -> list[str]:
    """What a new spec will do: old and new value, and reload, rolling restart or a new cluster."""
    told = [*_standby(old["configuration"], new["configuration"])]
    told += [str(one) for one in impact(old["deployment"], new["deployment"])]
    if not told and patch(hba.without(new["configuration"]), hba.without(old["configuration"])):
        told = ["dynamic configuration: reload, nobody is cut off"]
    return told + list(hba.told(hba.wanted(old["configuration"]), hba.wanted(new["configuration"])))


def lines_change(old: Spec, new: Spec) -> bool:
    """Whether pg_hba.conf will be another one."""
    return hba.wanted(old["configuration"]) != hba.wanted(new["configuration"])


def _standby(old: Change, new: Change) -> Iterator[str]:
    before, after = old.get(STANDBY), new.get(STANDBY)
    if before and not after:
        yield f"promotion: no longer follows {_at(before)}, takes writes; make sure that the other takes none"
    elif after and not before:
        yield f"becomes a standby of {_at(after)}: takes no writes any more, what only it has is lost"
    elif after != before:
        yield f"follows {_at(after)} instead of {_at(before)}: reload"


def _at(primary: Any) -> str:
    return f"{primary['host']}:{primary['port']}"
