"""What to do with a cluster, decided from what is wanted and what was seen; nothing here asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.render.impact import FOLLOWED

STANDBY = "standby_cluster"  # the key that makes a cluster follow another one
# Set by an operator with patronictl for a while or for good; a spec need not speak of them.
OPERATORS = frozenset({"pause", "slots", "ignore_slots", STANDBY})
COUNTED = frozenset(FOLLOWED)
# Of a cluster, and of a standby cluster, where it follows another cluster and may be in any state of that.
STANDBY_LEADER = "standby_leader"
LEADERS = {"leader": {"running"}, STANDBY_LEADER: {"running", "streaming", "in archive recovery"}}


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two nested values differ: "postgresql.listen: 127.0.0.1:1 instead of 127.0.0.1:2"; lists are one value."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key in sorted(wanted.keys() | found.keys(), key=str):
            below = f"{path}.{key}" if path else str(key)
            yield from differences(wanted.get(key), found.get(key), below)
    elif wanted != found:
        yield f"{path or 'all of it'}: {_shown(found)} instead of {_shown(wanted)}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def patch(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """The body of PATCH /config that turns `live` into `wanted`; empty when it is. null removes a key."""
    found: dict[str, Any] = {}
    for key in sorted(wanted.keys() | (live.keys() - OPERATORS)):
        ours, theirs = wanted.get(key), live.get(key)
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            if below := patch(ours, theirs):
                found[key] = below
        elif _plain(ours) != _plain(theirs):
            found[key] = ours
    return found


def _plain(value: Any) -> Any:
    """Parameters are texts to us, while somebody may have written 100 or true; Patroni takes them alike."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    return None if value is None else str(value)


def configuration_drift(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> list[str]:
    """One sentence for each value that somebody changed behind our back."""
    return [f"dynamic configuration: {line}" for line in _leaves(patch(wanted, live), wanted, live)]


def _leaves(changed: Mapping[str, Any], wanted: Any, live: Any, path: str = "") -> Iterator[str]:
    for key, value in changed.items():
        below = f"{path}{key}"
        ours = wanted.get(key) if isinstance(wanted, Mapping) else None
        theirs = live.get(key) if isinstance(live, Mapping) else None
        if isinstance(value, Mapping) and isinstance(theirs, Mapping):
            yield from _leaves(value, ours, theirs, f"{below}.")
        else:
            yield f"{below} is {_shown(theirs)} instead of {_shown(ours)}"


def rounds(change: Mapping[str, Any], live: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One PATCH or two. What a replica may not have less of than the primary is lowered last, in a round of its own."""
    parameters: Mapping[str, Any] = change.get("postgresql", {}).get("parameters", {})
    before: Mapping[str, Any] = live.get("postgresql", {}).get("parameters", {})
    lowered = {name: value for name, value in parameters.items() if is_lowered(name, before.get(name), value)}
    if not lowered:
        return [dict(change)] if change else []
    last = {"postgresql": {"parameters": lowered}}
    kept = {name: value for name, value in parameters.items() if name not in lowered}
    rest = {key: value for key, value in change.items() if key != "postgresql"}
    section = {key: value for key, value in change["postgresql"].items() if key != "parameters"}
    if kept:
        section["parameters"] = kept
    if section:
        rest["postgresql"] = section
    return [rest, last] if rest else [last]


def is_lowered(name: str, old: Any, new: Any) -> bool:
    try:
        return name in COUNTED and int(new) < int(old)
    except (TypeError, ValueError):
        return False


def lowers(change: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether a round lowers something that replicas follow: then the primary restarts first."""
    before = live.get("postgresql", {}).get("parameters", {})
    after: Mapping[str, Any] = change.get("postgresql", {}).get("parameters", {})
    return any(is_lowered(name, before.get(name), value) for name, value in after.items())


@dataclass(frozen=True)
class Restart:
    """One step of a rolling restart. `switchover` gives the leadership away, which restarts the old primary too."""

    member: str
    switchover: bool = False


def restarts(view: Sequence[Mapping[str, Any]], *, primary_first: bool) -> list[Restart]:
    """The members that wait for a restart: replicas, then the primary after a switchover; or the reverse."""
    waiting = [member for member in view if member.get("pending_restart")]
    replicas = [Restart(str(member["name"])) for member in waiting if member["role"] not in LEADERS]
    leaders = [str(member["name"]) for member in waiting if member["role"] in LEADERS]
    if primary_first or len(view) == 1:
        return [*map(Restart, leaders), *replicas]
    return [*replicas, *(Restart(name, switchover=True) for name in leaders)]


def missing(view: Sequence[Mapping[str, Any]], members: Sequence[str], durability: str) -> str:
    """What keeps the cluster from being whole, in words; "" when it is.

    In a standby cluster no commit waits for anybody, so no replica is a synchronous one, whatever the durability.
    """
    if any(one["role"] == STANDBY_LEADER for one in view):
        durability = "asynchronous"
    wrong = [f"{one['name']} is {one['role']}, {one['state']}" for one in view if not _is_well(one, durability)]
    wrong += [f"{name} is absent" for name in sorted(set(members) - {str(one["name"]) for one in view})]
    if not any(one["role"] in LEADERS for one in view):
        wrong.append("there is no leader")
    return ", ".join(wrong)


def turning(leader: str | None, role: str | None, live: Mapping[str, Any]) -> str:
    """What keeps a cluster from leading, or from following another one, as its live configuration says; "" when none.

    `role` is what the leader says of itself: the list of members goes by the configuration, which is there first.
    """
    if leader is None:
        return "there is no leader"
    wanted = {STANDBY_LEADER} if STANDBY in live else {"primary", "master"}
    return "" if role in wanted else f"{leader} is {'silent' if role is None else role}"


def _is_well(member: Mapping[str, Any], durability: str) -> bool:
    if member["role"] in LEADERS:
        return member["state"] in LEADERS[member["role"]]
    synchronous = member["role"] in ("quorum_standby", "sync_standby")
    return member["state"] == "streaming" and (synchronous or durability == "asynchronous")
