"""The store that a member has, and what etcd knows of it: its own leases, whether it leads, whether all is paused."""

from __future__ import annotations

from .configuration import Etcd, Member
from .etcd import Client, Snapshot
from .kubernetes import KubernetesStore
from .store import Standing, Store, says_pause


def store_of(member: Member) -> Store:
    """The one that its configuration names; configuration.py sees to it that there is exactly one."""
    if member.kubernetes is not None:
        return KubernetesStore(member.kubernetes, member.scope, member.name)
    assert member.etcd is not None
    return EtcdStore(member.etcd, f"{member.namespace}{member.scope}/", member.name)


class EtcdStore:
    """etcd, by the keys below a prefix."""

    name = "etcd"

    def __init__(self, settings: Etcd, prefix: str, member: str) -> None:
        self._client, self._prefix, self._member = Client(settings), prefix, member

    def standing(self, *, limit: float) -> Standing:
        return standing(self._client.snapshot(self._prefix, limit=limit), self._prefix, self._member)

    def give_back(self, known: Standing, *, limit: float) -> None:
        for lease in known.leases:
            self._client.revoke(lease, limit=limit)

    def faults(self, *, limit: float) -> list[str]:  # noqa: ARG002  a Store's
        """Whoever has a certificate may do all of it."""
        return []


def standing(snapshot: Snapshot, prefix: str, name: str) -> Standing:
    """Reads the standing of member `name` from the keys below `prefix` (<namespace><scope>/)."""
    leader = snapshot.keys.get(f"{prefix}leader")
    own = snapshot.keys.get(f"{prefix}members/{name}")
    leads = leader is not None and leader.value == name
    found = {key.lease for key in (leader if leads else None, own) if key is not None and key.lease}
    return Standing(leads, _is_paused(snapshot, prefix), frozenset(found))


def _is_paused(snapshot: Snapshot, prefix: str) -> bool:
    config = snapshot.keys.get(f"{prefix}config")
    return says_pause(config.value if config else "")
