"""What etcd knows of one member: which leases are its own, whether it leads, whether the cluster is paused."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .etcd import Snapshot


@dataclass(frozen=True)
class Standing:
    """A member's standing in its cluster; `leases` are those of the keys that only this member writes."""

    leads: bool
    paused: bool
    leases: frozenset[int]


def standing(snapshot: Snapshot, prefix: str, name: str) -> Standing:
    """Reads the standing of member `name` from the keys below `prefix` (<namespace><scope>/)."""
    leader = snapshot.keys.get(f"{prefix}leader")
    own = snapshot.keys.get(f"{prefix}members/{name}")
    leads = leader is not None and leader.value == name
    found = {key.lease for key in (leader if leads else None, own) if key is not None and key.lease}
    return Standing(leads, _is_paused(snapshot, prefix), frozenset(found))


def _is_paused(snapshot: Snapshot, prefix: str) -> bool:
    config = snapshot.keys.get(f"{prefix}config")
    try:
        plain = json.loads(config.value) if config else {}
    except ValueError:
        return False
    return isinstance(plain, dict) and plain.get("pause") is True
