"""The faults, each a function that does it to a cluster and says to whom."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

from tests.chaos.cluster import Cluster

Fault = Callable[[Cluster], str]


class FaultError(Exception):
    """The fault could not be done; the message says why."""


def _postmaster(cluster: Cluster, member: str) -> int:
    file = cluster.path(cluster.members[member]["data_dir"]) / "postmaster.pid"
    return int(file.read_text(encoding="utf-8").split("\n", 1)[0])


def _child(cluster: Cluster, status_file: str, name: str) -> int:
    pid = cluster.status(status_file)["children"][name]["pid"]
    if not isinstance(pid, int):
        raise FaultError(f"{status_file}: {name} does not run")
    return pid


def kill_postgres(cluster: Cluster) -> str:
    leader = cluster.leader()
    os.kill(_postmaster(cluster, leader), signal.SIGKILL)
    return leader


def kill_patroni(cluster: Cluster) -> str:
    leader = cluster.leader()
    os.kill(_child(cluster, cluster.members[leader]["status_file"], "patroni"), signal.SIGKILL)
    return leader


def kill_member(cluster: Cluster) -> str:
    leader = cluster.leader()
    pids = [_child(cluster, cluster.members[leader]["status_file"], "patroni"), _postmaster(cluster, leader)]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return leader


def kill_etcd(cluster: Cluster) -> str:
    node = cluster.etcd_leader()
    os.kill(_child(cluster, cluster.plain["etcd"]["nodes"][node]["status_file"], "etcd"), signal.SIGKILL)
    return node


def switchover(cluster: Cluster) -> str:
    """Asks for any synchronous replica: a named candidate makes the others wait 2 s before they follow it."""
    leader = cluster.leader()
    status, text = cluster.rest(leader, "POST", "/switchover", {"leader": leader}, timeout=60.0)
    if status != 200:
        raise FaultError(f"switchover from {leader} was refused: {status} {text}")
    return leader


FAULTS: Mapping[str, Fault] = {
    "switchover": switchover,
    "postgres": kill_postgres,
    "member": kill_member,
    "patroni": kill_patroni,
    "etcd": kill_etcd,
}

# Seconds, medians through the pooled port.
LIMITS: Mapping[str, float] = {"switchover": 3.0, "postgres": 1.5, "member": 1.0, "patroni": 1.0, "etcd": 0.5}
