"""Which certificates there are, what each is made out to, and in which Secret it lies. Pure."""

from __future__ import annotations

from components.kubernetes.leaf import Leaf
from components.kubernetes.names import ETCD, MEMBERS, SERVICES, namespace
from components.render.backup_pods import CLIENT
from components.settings.model import MAX_REPLICAS, Settings

MOST_NODES = 7  # etcd nodes
AUTHORITY = "ca"  # the Secret with the CA's certificate, never its key
LOCAL = ("localhost", "127.0.0.1")


def leaves(settings: Settings) -> tuple[Leaf, ...]:
    """Every certificate of a cluster. Names of all members that there may ever be, so that more need no new ones."""
    doors = _doors(settings)
    etcd = Leaf("etcd-tls", "etcd", hosts=(*LOCAL, *_pods(settings, ETCD, MOST_NODES)))
    return (
        *(() if settings.lease_in_kubernetes else (etcd,)),
        # HAProxy passes TLS through, so a member answers under the names of the Services too.
        Leaf("pg-tls", "pg", hosts=(*LOCAL, *_pods(settings, MEMBERS, MAX_REPLICAS + 1), *doors)),
        Leaf("gateway-tls", "gateway", hosts=(*LOCAL, *doors)),
        Leaf("replicator-tls", "replicator"),
        Leaf("rewind-tls", "rewind"),
        Leaf("pgbouncer-tls", "pgbouncer"),
        Leaf("admin-tls", "postgres"),
        *([Leaf("backup-tls", CLIENT)] if settings.backup else []),
    )


def _pods(settings: Settings, service: str, count: int) -> list[str]:
    """Each pod by the short name that the parts use, and by those that other namespaces use."""
    space = namespace(settings)
    names = [f"{service}-{number}.{service}" for number in range(count)]
    return [
        *names,
        *(f"{name}.{space}.svc" for name in names),
        *(f"{name}.{space}.svc.cluster.local" for name in names),
    ]


def _doors(settings: Settings) -> list[str]:
    """What clients call the four Services, within the namespace, within the cluster, and outside."""
    space, outside = namespace(settings), settings.kubernetes.exposure.host
    tails = ("", f".{space}", f".{space}.svc", f".{space}.svc.cluster.local")
    found = [f"{service}{tail}" for service in SERVICES.values() for tail in tails]
    return [*found, outside] if outside else found
