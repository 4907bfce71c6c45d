"""What is done to the platform on Kubernetes; each hands back what must be undone, if anything."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

from tests.live.kubernetes.lab import Lab, wait_until
from tests.live.kubernetes.platform import MEMBERS, Platform

Heal = Callable[[], None]
Fault = Callable[[Platform, Lab | None], Heal | None]

FROZEN_S = 40.0  # kubelet may come first, where the watchdog itself hangs
_CHILD = 'import json; print(json.load(open("/data/status.json"))["children"]["patroni"]["pid"])'


def delete_leader(platform: Platform, _lab: Lab | None) -> None:
    """As any rollout or drain does it, with its preStop hook."""
    platform.kubectl.run("delete", "pod", platform.leader(), "--wait=false")


def kill_postgres(platform: Platform, _lab: Lab | None) -> None:
    kill = "kill -9 $(head -1 /data/pgdata/postmaster.pid)"
    platform.kubectl.run("exec", platform.leader(), "-c", "postgres", "--", "sh", "-c", kill)


def freeze_patroni(platform: Platform, _lab: Lab | None) -> None:
    """PostgreSQL goes on, and nobody renews the lease, until the watchdog or kubelet ends the member: waited for, since
    writes stop no sooner.
    """
    leader = platform.leader()
    pid = platform.kubectl.python(leader, "postgres", _CHILD).strip()
    where = ("exec", leader, "-c", "postgres", "--", "sh", "-c")
    platform.kubectl.run(*where, f"kill -STOP {pid}")

    def frozen() -> str:
        state = platform.kubectl.try_to(*where, f"cut -d ' ' -f 3 /proc/{pid}/stat").stdout.strip()
        return f"Patroni of {leader} is still there, stopped" if state == "T" else ""

    wait_until(FROZEN_S, "the frozen member to be ended", frozen)


def lead_apart(platform: Platform) -> None:
    """The leader is not on the machine with the name server, which is never drained."""
    kept = platform.name_server_nodes()
    if platform.node_of(platform.leader()) in kept:
        platform.switch_to(next(name for name in MEMBERS if platform.node_of(name) not in kept))


def drain_node(platform: Platform, _lab: Lab | None) -> Heal:
    """The leader's machine takes no pods any more, and all of the platform's pods there are evicted.

    Only those, because the lab's machines may carry other people's clusters.
    """
    leader = platform.leader()
    node = platform.node_of(leader)
    label = "app.kubernetes.io/instance"
    instance = json.loads(platform.kubectl.run("get", "pod", leader, "-o", "json"))["metadata"]["labels"][label]
    words = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=240s", f"--pod-selector={label}={instance}")
    try:
        platform.kubectl.run("drain", node, *words, limit=300)
    except BaseException:
        _uncordon(platform, node)
        raise
    return lambda: _uncordon(platform, node)


def _uncordon(platform: Platform, node: str) -> None:
    platform.kubectl.run("uncordon", node)


def lose_etcd(platform: Platform, _lab: Lab | None) -> None:
    """etcd's own leader, without notice: the others elect one, and streams through it break."""
    platform.kubectl.run("delete", "pod", platform.etcd_leader(), "--force", "--grace-period=0", "--wait=false")


def kill_leader_without_api(platform: Platform, lab: Lab | None) -> Heal:
    """The API server hangs; then the leader's container dies whole. Neither failover nor routing may need the API."""
    assert lab is not None, "only the lab's API server can be stopped"
    container = platform.container_of(platform.leader(), "postgres")
    first = lab.first_process(container)
    lab.signal_api_server(signal.SIGSTOP)
    os.kill(first.pid, signal.SIGKILL)
    return lambda: lab.signal_api_server(signal.SIGCONT)


def cut_leader_off(platform: Platform, lab: Lab | None) -> Heal:
    """No policy allows the leader anything any more: neither etcd, nor the others, nor the gateways."""
    leader = platform.leader()
    node, address = platform.node_of(leader), platform.address_of(leader)
    others = {
        "matchLabels": {"app.kubernetes.io/name": "postgresql"},
        "matchExpressions": [{"key": "statefulset.kubernetes.io/pod-name", "operator": "NotIn", "values": [leader]}],
    }
    policy: dict[str, Any] = json.loads(platform.kubectl.run("get", "networkpolicy", "pg", "-o", "json"))
    before = policy["spec"]["podSelector"]
    _selector(platform, others)
    if lab is not None:
        for _ in range(3):
            lab.forget_connections(node, address)
    return lambda: _selector(platform, before)


def lose_node(platform: Platform, lab: Lab | None) -> Heal:
    """The leader's whole machine is gone, with a gateway and an etcd node, and nobody says goodbye."""
    assert lab is not None, "only the lab's machines can be lost"
    node = platform.node_of(platform.leader())
    lab.lose_node(node)
    return lambda: lab.bring_back(node)


def _selector(platform: Platform, selector: dict[str, Any]) -> None:
    change = [{"op": "replace", "path": "/spec/podSelector", "value": selector}]
    platform.kubectl.run("patch", "networkpolicy", "pg", "--type=json", "-p", json.dumps(change))


FAULTS: Mapping[str, Fault] = {
    "pod-deleted": delete_leader,
    "postgres-kill": kill_postgres,
    "patroni-frozen": freeze_patroni,
    "node-drained": drain_node,
    "etcd-lost": lose_etcd,
    "no-api-killed": kill_leader_without_api,
    "cut-off": cut_leader_off,
    "node-lost": lose_node,
}
# What must be so before the measuring begins.
PREPARATIONS: Mapping[str, Callable[[Platform], None]] = {"node-drained": lead_apart, "node-lost": lead_apart}
NEED_LAB = frozenset({"no-api-killed", "cut-off", "node-lost"})
