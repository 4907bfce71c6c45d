"""Decides, from the keys of a cluster, where writers belong. No input or output here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .configuration import Address, Pooler
from .etcd import Key, Snapshot

# Connections there are refused at once, so PgBouncer lets its clients wait; a replica would answer with errors.
NOWHERE = Address(host="127.0.0.1", port=1, rest_port=1)


@dataclass(frozen=True)
class View:
    """What the cluster says: who leads, and whether that leader was asked to hand over."""

    leader: str | None = None
    handing_over: bool = False


@dataclass
class Keys:
    """The newest known state of a few keys, fed by several watchers that may be behind each other.

    Revisions order everything: news that is older than what is known changes nothing.
    """

    prefix: str
    _values: dict[str, str] = field(default_factory=dict)
    _revisions: dict[str, int] = field(default_factory=dict)

    def take(self, snapshot: Snapshot) -> bool:
        """Everything in range at one revision; True when something changed."""
        names = {self.leader_key, self.failover_key}
        gone = [Key(name, "", 0, snapshot.revision) for name in names - snapshot.keys.keys()]
        there = [key for name, key in snapshot.keys.items() if name in names]
        return self.change([(True, key) for key in gone] + [(False, key) for key in there])

    def change(self, events: Iterable[tuple[bool, Key]]) -> bool:
        """Single changes; True when something did."""
        changed = [self._one(deleted, key) for deleted, key in events]  # each of them, not only up to the first
        return any(changed)

    def view(self) -> View:
        leader = self._values.get(self.leader_key) or None
        return View(leader, leader is not None and _asks(self._values.get(self.failover_key), leader))

    @property
    def leader_key(self) -> str:
        return f"{self.prefix}leader"

    @property
    def failover_key(self) -> str:
        return f"{self.prefix}failover"

    def _one(self, deleted: bool, key: Key) -> bool:
        if key.revision <= self._revisions.get(key.name, -1):
            return False
        self._revisions[key.name] = key.revision
        value = "" if deleted else key.value
        changed = self._values.get(key.name, "") != value
        self._values[key.name] = value
        # A leader key that was lost and taken again by the same member between two looks still counts as news.
        return changed


def _asks(failover: str | None, leader: str) -> bool:
    """Whether Patroni's failover key asks this leader to hand over now (not at a time to come).

    Patroni does not delete the key when it is done: it writes {}.
    """
    try:
        plain = json.loads(failover or "null")
    except ValueError:
        return False
    if not isinstance(plain, dict) or plain.get("scheduled_at"):
        return False
    return plain.get("leader") == leader or (not plain.get("leader") and plain.get("member", leader) != leader)


def databases_text(pooler: Pooler, leader: Address | None) -> str:
    """PgBouncer's [databases] section for one pooler."""
    host, _, port = pooler.target.rpartition(":")
    at = (leader or NOWHERE) if pooler.target == "leader" else Address(host=host, port=int(port), rest_port=0)
    lines = [f"{name} = host={at.host} port={at.port} {extra}".rstrip() for name, extra in pooler.databases.items()]
    return "\n".join(["; written by the supervisor: follows the leader", "[databases]", *lines, ""])


def address_commands(backends: Iterable[str], members: Mapping[str, Address], current: Mapping[str, str]) -> list[str]:
    """HAProxy commands that give each server the address that its name has now."""
    return [
        f"set server {backend}/{name} addr {current[name]} port {at.port}"
        for backend in backends
        for name, at in sorted(members.items())
        if name in current
    ]


def balancer_commands(writer: str, reader: str, members: Iterable[str], leader: str) -> list[str]:
    """HAProxy commands that leave only the leader in the writers' backend and cut what is connected elsewhere.

    The readers' backend is left to HAProxy's own checks (a lone leader may have to serve reads); only the sessions on
    the member that was just promoted are sent to choose anew.
    """
    others = sorted(set(members) - {leader})
    return [
        f"set server {writer}/{leader} state ready",
        f"set server {writer}/{leader} health up",  # else it waits for its own next check
        *[f"set server {writer}/{name} state maint" for name in others],
        *[f"shutdown sessions server {writer}/{name}" for name in others],
        f"shutdown sessions server {reader}/{leader}",
    ]


def stale_addresses(members: Mapping[str, Address], leader: str) -> frozenset[tuple[str, int]]:
    """Where no writer may be connected any more, as (host, port)."""
    return frozenset((at.host, at.port) for name, at in members.items() if name != leader)
