"""What the parts are called. The names of objects are those in `k8s/`; here is what the stack adds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from components.contract import Endpoint

if TYPE_CHECKING:
    from components.settings.model import Settings

MEMBERS, ETCD, GATEWAY = "pg", "etcd", "gateway"  # StatefulSets, Deployment and the headless Services
WRITER, READER, POOLED, POOLED_READER = "pg-rw", "pg-ro", "pg-pool", "pg-pool-ro"
SERVICES = {"writer": WRITER, "reader": READER, "pooled": POOLED, "pooled_reader": POOLED_READER}
PORTS = {"writer": 5432, "reader": 5432, "pooled": 6432, "pooled_reader": 6432}  # of the Services


def kubeconfig(settings: Settings) -> str | None:
    """The path that kubectl and the provider are given; a shell's ~ is nobody else's."""
    given = settings.kubernetes.kubeconfig
    return str(Path(given).expanduser()) if given else None


def namespace(settings: Settings) -> str:
    """Where everything is: the stack's own namespace, or the one it names."""
    return settings.kubernetes.namespace or f"postgres-{settings.name}"


def service(name: str, space: str) -> Endpoint:
    """The writer's, reader's ... Service, under the name that the gateways' certificate carries."""
    return Endpoint(host=f"{SERVICES[name]}.{space}.svc", port=PORTS[name])


def volume(part: str, number: int) -> str:
    """The claim of a pod: what a StatefulSet makes of its template `data`."""
    return f"data-{part}-{number}"
