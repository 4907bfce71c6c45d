"""What the parts are called. The names of objects are those in `k8s/`; here is what the stack adds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from components.contract import Endpoint

if TYPE_CHECKING:
    from components.settings.model import Settings

INSTANCE = "app.kubernetes.io/instance"  # the label of everything that is one stack's
MEMBERS, ETCD, GATEWAY = "pg", "etcd", "gateway"  # StatefulSets, Deployment and the headless Services
WRITER, READER, POOLED, POOLED_READER = "pg-rw", "pg-ro", "pg-pool", "pg-pool-ro"
SERVICES = {"writer": WRITER, "reader": READER, "pooled": POOLED, "pooled_reader": POOLED_READER}
# On each member's claim of a cluster that was restored, and there as long as its data: what it was restored from.
MADE_FROM = "postgres-platform/made-from"
DATA, WAL = "data", "wal"  # the templates of claims
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


def volume(part: str, number: int, template: str = DATA) -> str:
    """The claim of a pod: what a StatefulSet makes of its template `data`, or of a member's `wal`."""
    return f"{volumes(part, template)}{number}"


def volumes(part: str, template: str = DATA) -> str:
    """How the names of all claims of a StatefulSet's template begin."""
    return f"{template}-{part}-"


def forget(settings: Settings) -> str:
    """The command that removes a cluster's volumes, and nobody else's, for good."""
    return f"kubectl delete pvc -n {namespace(settings)} -l {INSTANCE}={settings.name}"
