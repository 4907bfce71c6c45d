"""The metrics that the alerts of k8s/monitoring ask for, and those that the pods of a cluster export."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from tests.live.kubernetes.lab import Kubectl

RULES = Path(__file__).parent.parent.parent.parent / "k8s/monitoring/rules.yaml"
PORTS = ("metrics", "patroni")  # as the containers name them, and k8s/monitoring/pod-monitors.yaml
OF_KUBELET = frozenset({"kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes"})
_NAME = re.compile(r"\b(?:patroni|pg|pgbouncer|etcd|kubelet)_[a-z0-9_]+")
_READ = """
import ssl, urllib.request
trusting = ssl.create_default_context()
trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
print(urllib.request.urlopen({url!r}, timeout=20, context=trusting).read().decode())
"""


def asked_for() -> set[str]:
    """The names in every expression."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["spec"]["groups"]
    return {name for group in groups for rule in group["rules"] for name in _NAME.findall(rule["expr"])}


def exported(kubectl: Kubectl, pods: Iterable[str]) -> set[str]:
    """The names of all series that these pods show, on every port that a PodMonitor reads."""
    return {
        line.split("{")[0].split(" ")[0]
        for pod in pods
        for container, url in _places(kubectl, pod)
        for line in kubectl.python(pod, container, _READ.format(url=url)).splitlines()
        if line and not line.startswith("#")
    }


def a_gateway(kubectl: Kubectl) -> str:
    """The name of one of its pods."""
    found = kubectl.run("get", "pods", "-l", "app.kubernetes.io/name=gateway", "-o", "name")
    return found.split()[0].removeprefix("pod/")


def _places(kubectl: Kubectl, pod: str) -> Iterator[tuple[str, str]]:
    """A container with Python, which all here share a network with, and the address of each port."""
    containers = json.loads(kubectl.run("get", "pod", pod, "-o", "json"))["spec"]["containers"]
    for one in containers:
        for port in one.get("ports", ()):
            if port.get("name") in PORTS:
                scheme = "https" if port["name"] == "patroni" else "http"
                yield containers[0]["name"], f"{scheme}://localhost:{port['containerPort']}/metrics"
