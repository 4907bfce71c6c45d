"""The faults: each does it to a cluster, and hands back what must be undone afterwards, if anything."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Mapping

from components.supervisor import processes
from tests.chaos.cluster import Cluster

Heal = Callable[[], None]
Fault = Callable[[Cluster], Heal | None]


class FaultError(Exception):
    """The fault could not be done; the message says why."""


def _postmaster(cluster: Cluster, member: str) -> int:
    pid = processes.postmaster_pid(str(cluster.path(cluster.members[member]["data_dir"])))
    if pid is None:
        raise FaultError(f"{member}: there is no postmaster.pid")
    return pid


def _child(cluster: Cluster, status_file: str, name: str) -> int:
    pid = cluster.status(status_file)["children"][name]["pid"]
    if not isinstance(pid, int):
        raise FaultError(f"{status_file}: {name} does not run")
    return pid


def _standby(cluster: Cluster) -> str:
    leader = cluster.leader()
    return next(name for name in sorted(cluster.members) if name != leader)


def kill_postgres(cluster: Cluster) -> None:
    os.kill(_postmaster(cluster, cluster.leader()), signal.SIGKILL)


def kill_patroni(cluster: Cluster) -> None:
    os.kill(_child(cluster, cluster.members[cluster.leader()]["status_file"], "patroni"), signal.SIGKILL)


def kill_member(cluster: Cluster) -> None:
    leader = cluster.leader()
    pids = [_child(cluster, cluster.members[leader]["status_file"], "patroni"), _postmaster(cluster, leader)]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def kill_etcd(cluster: Cluster) -> None:
    """The node that leads etcd: the others must elect a new leader, and streams through it break."""
    os.kill(
        _child(cluster, cluster.plain["etcd"]["nodes"][cluster.etcd_leader()]["status_file"], "etcd"), signal.SIGKILL
    )


def switchover(cluster: Cluster) -> None:
    """Asks for any synchronous replica."""
    _switch(cluster, {"leader": cluster.leader()})


def switchover_candidate(cluster: Cluster) -> None:
    """Names the new leader: Patroni then lets every other replica wait 2 s before it follows."""
    _switch(cluster, {"leader": cluster.leader(), "candidate": _standby(cluster)})


def _switch(cluster: Cluster, asked: dict[str, str]) -> None:
    status, text = cluster.rest(asked["leader"], "POST", "/switchover", asked, timeout=60.0)
    if status != 200:
        raise FaultError(f"switchover {asked} was refused: {status} {text}")


def kill_standby(cluster: Cluster) -> None:
    os.kill(_postmaster(cluster, _standby(cluster)), signal.SIGKILL)


def kill_backend(cluster: Cluster) -> None:
    """One of the primary's own processes; PostgreSQL then restarts itself, or under Patroni ends."""
    postmaster = _postmaster(cluster, cluster.leader())
    backend = next(one for one in processes.table().values() if one.parent == postmaster)
    os.kill(backend.pid, signal.SIGKILL)


def freeze_standby(cluster: Cluster) -> Heal:
    return _freeze(cluster, _standby(cluster))


def freeze_member(cluster: Cluster) -> Heal:
    """Patroni and PostgreSQL of the primary stop but do not die: only the ttl ends this one's lease."""
    return _freeze(cluster, cluster.leader())


def _freeze(cluster: Cluster, member: str) -> Heal:
    patroni = _child(cluster, cluster.members[member]["status_file"], "patroni")
    postmaster = _postmaster(cluster, member)
    table = processes.table()
    below = [one.pid for pid in (patroni, postmaster) for one in processes.descendants(table, pid)]
    frozen = [patroni, postmaster, *below]
    _signal(frozen, signal.SIGSTOP)
    return lambda: _signal(frozen, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


FAULTS: Mapping[str, Fault] = {
    "switchover": switchover,
    "postgres": kill_postgres,
    "member": kill_member,
    "patroni": kill_patroni,
    "etcd": kill_etcd,
    "candidate": switchover_candidate,
    "backend": kill_backend,
    "standby": kill_standby,
    "frozen-standby": freeze_standby,
    "frozen-member": freeze_member,
}

# Seconds, medians through the pooled port. These are the faults of a default run.
LIMITS: Mapping[str, float] = {"switchover": 3.0, "postgres": 1.5, "member": 1.0, "patroni": 1.0, "etcd": 0.5}
