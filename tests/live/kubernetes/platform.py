"""The platform in its namespace: what the manifests made, as Patroni, etcd and Kubernetes tell it."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.kubernetes.lab import ROOT, Kubectl, wait_until

ELECTION = "election-kubernetes"  # the part of k8s/ that takes etcd out
MEMBERS, NODES = ("pg-0", "pg-1", "pg-2"), ("etcd-0", "etcd-1", "etcd-2")
_ASK = """
import json, ssl, sys, urllib.request
context = ssl.create_default_context(cafile="/etc/postgres-platform/tls/ca.crt")
print(urllib.request.urlopen("https://localhost:8008/cluster", timeout=3, context=context).read().decode())
"""
_ETCD = """
import contextlib, json, sys
from supervisor import etcd
from supervisor.configuration import load
from pathlib import Path
given = load("node", Path("/etc/postgres-platform/config/node.json")).joining.etcd
print(json.dumps(etcd.Client(given).ask_one("https://localhost:2379", "/v3/maintenance/status", {}, 3)))
"""


@dataclass(frozen=True)
class Platform:
    """One cluster by its namespace; the names within are those of k8s/. Without `etcd` the API keeps its lease."""

    kubectl: Kubectl
    etcd: bool = True

    # What is there.

    def view(self) -> list[dict[str, Any]]:
        """Patroni's list of members, from the first that answers; [] when none does."""
        for member in MEMBERS:
            done = self.kubectl.try_to("exec", member, "-c", "postgres", "--", "python3", "-c", _ASK, limit=15)
            if done.returncode == 0:
                found: list[dict[str, Any]] = json.loads(done.stdout)["members"]
                return found
        return []

    def leader(self) -> str:
        found = [str(one["name"]) for one in self.view() if one["role"] == "leader"]
        assert len(found) == 1, f"leaders: {found}"
        return found[0]

    def etcd_leader(self) -> str:
        for node in NODES:
            status = json.loads(self.kubectl.python(node, "etcd", _ETCD))
            if status["leader"] == status["header"]["member_id"]:
                return node
        raise AssertionError("no etcd node is the leader")

    def node_of(self, pod: str) -> str:
        return self.kubectl.run("get", "pod", pod, "-o", "jsonpath={.spec.nodeName}")

    def address_of(self, pod: str) -> str:
        return self.kubectl.run("get", "pod", pod, "-o", "jsonpath={.status.podIP}")

    def name_server_nodes(self) -> list[str]:
        """Machines with a name server; a cluster with one alone has none while that machine is drained."""
        words = (
            "-n",
            "kube-system",
            "get",
            "pods",
            "-l",
            "k8s-app=kube-dns",
            "-o",
            "jsonpath={.items[*].spec.nodeName}",
        )
        return self.kubectl.run(*words).split()

    def container_of(self, pod: str, name: str) -> str:
        """The container's id without the runtime's name."""
        path = f'jsonpath={{.status.containerStatuses[?(@.name=="{name}")].containerID}}'
        return self.kubectl.run("get", "pod", pod, "-o", path).rpartition("/")[2]

    def missing(self) -> str:
        """What keeps the cluster from being whole, in words; "" when it is."""
        wrong = [
            text
            for kind in ("statefulset/etcd", "statefulset/pg", "deployment/gateway")
            if (self.etcd or kind != "statefulset/etcd") and (text := self._unready(kind))
        ]
        if wrong:
            return ", ".join(wrong)
        view = self.view()
        wrong = [f"{one['name']} is {one['role']}/{one['state']}" for one in view if not _is_well(one)]
        wrong += [f"{name} is absent" for name in sorted(set(MEMBERS) - {one["name"] for one in view})]
        if sum(one["role"] == "leader" for one in view) != 1:
            wrong.append("not one leader")
        return ", ".join(wrong)

    def _unready(self, kind: str) -> str:
        status = json.loads(self.kubectl.run("get", kind, "-o", "json"))
        wanted, ready = status["spec"]["replicas"], status["status"].get("readyReplicas", 0)
        current = status["status"].get("observedGeneration") == status["metadata"]["generation"]
        updated = status["status"].get("updatedReplicas", 0)
        return "" if current and ready == wanted == updated else f"{kind}: {ready} of {wanted} ready, {updated} updated"

    # What is done to it.

    def remove(self, limit: float = 300.0) -> None:
        """The namespace with all in it; pods first, else Kubernetes waits as long as the slowest of them might take."""
        self.kubectl.try_to("delete", "statefulset,deployment,job,cronjob", "--all", "--wait=false")
        self.kubectl.try_to("delete", "pods", "--all", "--wait=true", limit=limit)
        self.kubectl.try_to("delete", "namespace", self.kubectl.namespace, "--wait=false")
        left = ("get", "namespace", self.kubectl.namespace, "--ignore-not-found", "-o", "name")
        wait_until(limit, "the namespace is gone", lambda: self.kubectl.try_to(*left).stdout, pause=2)

    def wait_whole(self, limit: float = 240.0) -> float:
        """Until a leader, both replicas synchronous, etcd and the gateways are there."""
        return wait_until(limit, "the cluster is whole", self.missing)

    def sql(self, pod: str, statement: str, database: str = "postgres") -> str:
        """As the superuser, by the unix socket; the statement is never on a command line."""
        psql = [
            "psql",
            "-X",
            "-At",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "/run/postgres-platform",
            "-U",
            "postgres",
            "-d",
            database,
        ]
        return self.kubectl.run("exec", "-i", pod, "-c", "postgres", "--", *psql, given=statement).strip()

    def switch_to(self, candidate: str) -> None:
        """A switchover to that member, if it does not lead already; asked again while a member comes back."""
        wait_until(60.0, f"a switchover to {candidate}", lambda: self._switched_to(candidate))
        self.wait_whole()

    def _switched_to(self, candidate: str) -> str:
        """What stands in its way; nothing once it leads."""
        leader = self.leader()
        if leader == candidate:
            return ""
        switchover = f"""
import json, sys
from pathlib import Path
from supervisor.configuration import load
from supervisor.hand_over import ask
member = load("member", Path("/etc/postgres-platform/config/member.json"))
print(ask(member, "POST", "/switchover", 60, {{"leader": "{leader}", "candidate": "{candidate}"}}))
"""
        told = self.kubectl.python(leader, "postgres", switchover)
        return "" if "(200" in told else told


def overlay(folder: Path, namespace: str, parts: Sequence[str] = ()) -> Path:
    """k8s/ as it stands with some of its parts, in another namespace: postgres-main may be somebody's.

    POSTGRES_PLATFORM_TAG names another image, where a cluster is shared with those who test an earlier one.
    """
    plain: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": namespace,
        "resources": [os.path.relpath(ROOT / "k8s", folder)],
        "components": [os.path.relpath(ROOT / "k8s" / part, folder) for part in parts],
    }
    if tag := os.environ.get("POSTGRES_PLATFORM_TAG"):
        plain["images"] = [{"name": "localhost/postgres-platform", "newTag": tag}]
    # As JSON: Python's YAML writes the name `n` bare, which Go's reads as false.
    (folder / "kustomization.yaml").write_text(json.dumps(plain), encoding="utf-8")
    return folder


@contextlib.contextmanager
def applied(kubectl: Kubectl, limit: float = 300.0, parts: Sequence[str] = ()) -> Iterator[Platform]:
    """A platform of our own in that namespace, whole; removed at the end, its volumes too."""
    made = Platform(kubectl, etcd=ELECTION not in parts)
    with tempfile.TemporaryDirectory() as folder:
        try:
            kubectl.run("apply", "-k", str(overlay(Path(folder), kubectl.namespace, parts)))
            print(f"\nwhole after {made.wait_whole(limit):.0f} s", flush=True)
            yield made
        finally:
            made.remove()


def _is_well(member: dict[str, Any]) -> bool:
    if member["role"] == "leader":
        return bool(member["state"] == "running")
    return member["state"] == "streaming" and member["role"] in ("quorum_standby", "sync_standby")
