"""Taking a member out of a cluster that goes on, or ending it with the cluster."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import psycopg

from components.embedded import sql
from components.embedded.etcd_node import ENDING, client
from components.embedded.files import remove_tree
from components.embedded.supervised import Part
from components.embedded.turn import turn
from components.patroni.failure import ClusterError
from components.patroni.provider import say
from components.patroni.rest import Patroni
from components.patroni.rolling import switchover
from components.patroni.waiting import until
from components.supervisor.etcd import EtcdError

FORGET_LIMIT = 30.0
ETCD_LIMIT = 5.0


def remove(spec: dict[str, Any]) -> None:
    """Stops the member and removes its folder, data included."""
    root, part = Path(spec["root"]), Part.of(spec)
    if (root / ENDING).exists() or not root.is_dir():
        part.stop()
    else:
        patroni = Patroni.of(spec)
        with turn(root, part.name, patroni):
            if patroni.leader() == part.name and len(patroni.members) > 1:
                switchover(patroni, part.name)
            part.stop()
            _forget(spec)
    remove_tree(part.home)


def _forget(spec: dict[str, Any]) -> None:
    """Its key in etcd and its slot on the others; a cluster that does not answer has nothing to forget."""
    key = f"{spec['namespace']}{spec['scope']}/members/{spec['name']}"
    try:
        api = client(spec | {"etcd": _reachable(spec)})
        api.call("/v3/kv/deleterange", {"key": base64.b64encode(key.encode()).decode()}, limit=ETCD_LIMIT)
    except (EtcdError, OSError):
        say([f"{spec['name']}: etcd does not answer, so its entry there ends with its lease"])
        return
    others = {name: at for name, at in spec["members"].items() if name != spec["name"]}
    patroni = Patroni(others, spec["admin"])
    leader = patroni.leader()
    if leader is not None:
        _forget_slots(spec, patroni, leader)


def _reachable(spec: dict[str, Any]) -> dict[str, Any]:
    """etcd with the administrator's certificate, since the member's own folder may be gone."""
    admin = spec["admin"]
    return {**spec["etcd"], "ca": admin["ca"], "cert": admin["certificate"], "key": admin["key"]}


def _forget_slots(spec: dict[str, Any], patroni: Patroni, leader: str) -> None:
    """Patroni keeps the slot of an absent member for half an hour, and WAL with it; this member does not come back."""
    what, slot = f"removal of the slot of {spec['name']}", spec["name"].replace("-", "_")
    patroni.order(leader, "PATCH", "/config", {"member_slots_ttl": 0}, what)
    try:
        until(lambda: _slot_gone(spec, patroni, slot), FORGET_LIMIT, f"slot {slot} to go on every member")
    except ClusterError as failure:
        say([str(failure)])  # it costs disk space, up to max_slot_wal_keep_size, and no more
    finally:
        patroni.order(leader, "PATCH", "/config", {"member_slots_ttl": None}, what)


def _slot_gone(spec: dict[str, Any], patroni: Patroni, slot: str) -> bool:
    try:
        left = [at for at in patroni.members.values() if not sql.drop_slot(spec["admin"], at["port"], slot)]
        return not left
    except psycopg.Error:
        return False
