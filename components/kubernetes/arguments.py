"""What goes into the resources of the Kubernetes platform, and how Pulumi treats each. Pure: it opens nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from components.contract import Credentials, Endpoint, Route, Server
from components.kubernetes.backup import repository
from components.kubernetes.leaf import Leaf
from components.kubernetes.manifests import Manifest, identity
from components.kubernetes.names import (
    ETCD,
    GATEWAY,
    MEMBERS,
    PORTS,
    SERVICES,
    WAL,
    kubeconfig,
    namespace,
    service,
    volume,
)
from components.render.hba import Admission
from components.render.impact import deployment
from components.render.patroni import dynamic_configuration
from components.render.pod_election import etcd_names
from components.render.pods import member_names
from components.render.restored import restored_to, target
from components.settings.model import Settings

# Where an application mounts the Secret with its URL; the URL names the CA's file there.
MOUNTED_CA = "/etc/postgres-platform/ca.crt"
# The order in which things are made; what is not here needs the namespace alone.
LAYERS = {("Namespace", ""): 0, ("StatefulSet", ETCD): 2, ("StatefulSet", MEMBERS): 3, ("Deployment", GATEWAY): 4}
OTHERS = 1
# A member copies the whole database before it is ready.
MEMBERS_LIMIT, OTHERS_LIMIT = "60m", "10m"
BACKUP_LIMIT = "720m"  # activeDeadlineSeconds of the Job itself: the first backup takes as long as there is data
COMPARED = ("major", "parameters", "patroni", "durability")
NOT_AWAITED = "pulumi.com/skipAwait"
AWAITED = "pulumi.com/waitFor"


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What Pulumi is told about a resource beside its inputs."""

    ignored: tuple[str, ...] = ()
    kept: bool = False
    limit: str | None = None


def layer(manifest: Manifest) -> int:
    """0 for what all need, then what pods read, then etcd, the members, the gateways."""
    kind, name = identity(manifest)
    return LAYERS.get((kind, "" if kind == "Namespace" else name), OTHERS)


def treatment(manifest: Manifest) -> Treatment:
    """How a resource is changed, awaited and removed.

    A claim template is read when a volume is made and never after, and a changed one would replace the StatefulSet:
    volumes grow by patches of the claims. The namespace stays when the stack goes, for the volumes are in it.
    """
    if manifest["kind"] == "StatefulSet":
        limit = MEMBERS_LIMIT if manifest["metadata"]["name"] == MEMBERS else OTHERS_LIMIT
        return Treatment(ignored=("spec.volumeClaimTemplates",), limit=limit)
    limit = BACKUP_LIMIT if manifest["kind"] == "Job" else OTHERS_LIMIT
    return Treatment(kept=manifest["kind"] == "Namespace", limit=limit)


def annotated(manifest: Manifest) -> Manifest:
    """The manifest with what only Pulumi reads."""
    added = _annotations(manifest)
    if not added:
        return manifest
    metadata = manifest["metadata"]
    return manifest | {"metadata": metadata | {"annotations": metadata.get("annotations", {}) | added}}


def _annotations(manifest: Manifest) -> dict[str, str]:
    if manifest["kind"] == "Service":
        return {NOT_AWAITED: "true"}  # a Service waits for its pods, and the pods wait for the Services' names
    if identity(manifest) == ("StatefulSet", MEMBERS):
        return {NOT_AWAITED: "true"}  # pods of another template wait for us: see replacing.py
    if manifest["kind"] == "Certificate":
        return {AWAITED: "condition=Ready"}
    return {}


def volumes_spec(settings: Settings) -> dict[str, Any]:
    """The size of each volume by its claim."""
    wanted = settings.kubernetes
    sizes = {volume(MEMBERS, number): wanted.storage.size for number in range(settings.members)}
    if wal := wanted.storage.wal_size:
        sizes |= {volume(MEMBERS, number, WAL): wal for number in range(settings.members)}
    sizes |= {volume(ETCD, number): wanted.storage.etcd_size for number in range(len(etcd_names(settings)))}
    return {"route": asdict(route_of(settings)), "volumes": sizes, "asleep": wanted.hibernate}


def server(settings: Settings) -> Server:
    """What the access layer learns: the Services by port-forward, or the address at which they are exposed.

    Who the administrator is travels beside it, as a secret: its certificate lies in no file.
    """
    given = settings.kubernetes
    direct = given.exposure.host is not None
    route = None if direct else route_of(settings)
    return Server(
        **_endpoints(settings),
        admin=Credentials(user="postgres"),
        ca=MOUNTED_CA,
        major=settings.known_major,
        # A Service stands for all gateways, and each of their PgBouncers has to be told: by kubectl, exposed or not.
        consoles=(service("pooled", namespace(settings)), service("pooled_reader", namespace(settings))),
        pods=route_of(settings),
        route=route,
        resting=resting(settings),
    )


def resting(settings: Settings) -> str | None:
    """Why access is left as it is, if it is."""
    if settings.kubernetes.hibernate:
        return "the cluster hibernates"
    if settings.kubernetes.standby_of is not None:
        return "a standby cluster has the access rules of the cluster that it follows"
    return None


def template(manifests: Iterable[Manifest]) -> str:
    """A digest of what the members' pods are made of: new pods when it changes."""
    [of] = [one for one in manifests if identity(one) == ("StatefulSet", MEMBERS)]
    return _digest(of["spec"]["template"])


def files(manifests: Iterable[Manifest], certificates: Iterable[Leaf]) -> str:
    """A digest of what pods read from ConfigMaps, and of the names in their certificates."""
    texts = {one["metadata"]["name"]: one["data"] for one in manifests if one["kind"] == "ConfigMap"}
    names = {leaf.secret: list(leaf.hosts) for leaf in certificates}
    return _digest([texts, names])


def _digest(of: Any) -> str:
    return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:16]


def configuration_spec(
    settings: Settings,
    extensions: frozenset[str] = frozenset(),
    admissions: Collection[Admission] | None = None,
    pods: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The cluster's dynamic configuration, and of its `pods` digests: of the members' `template`, and of all `files`.

    `deployment` is what the preview compares to say what a change costs.
    """
    space, known = namespace(settings), deployment(settings, extensions)
    return {
        "scope": settings.name,
        "configuration": dynamic_configuration(settings, extensions, admissions),
        "deployment": {key: known[key] for key in COMPARED},
        "durability": settings.durability,
        "members": {name: {"host": f"{name}.{MEMBERS}.{space}.svc"} for name in member_names(settings)},
        "route": asdict(route_of(settings)),
        "fenced": sorted(settings.kubernetes.fenced),
        "asleep": settings.kubernetes.hibernate,
        "door": _door(settings),
        **({"repository": place} if (place := repository(settings)) else {}),
        **({"restored": f"{record['source']} ({target(record)})"} if (record := restored_to(settings)) else {}),
        **(pods or {}),
    }


def _door(settings: Settings) -> dict[str, Any] | None:
    """The name under which clients come in from outside, and its ports."""
    host = settings.kubernetes.exposure.host
    ends = _endpoints(settings)
    return None if host is None else {"host": host, "ports": sorted({ends[name].port for name in SERVICES})}


def route_of(settings: Settings) -> Route:
    """The way into the namespace."""
    given = settings.kubernetes
    return Route(
        kind="port-forward", namespace=namespace(settings), context=given.context, kubeconfig=kubeconfig(settings)
    )


def _endpoints(settings: Settings) -> Mapping[str, Any]:
    exposure = settings.kubernetes.exposure
    if exposure.host is None:
        return {name: service(name, namespace(settings)) for name in SERVICES}
    fixed = {name: getattr(exposure.node_ports, name) for name in SERVICES}
    at = fixed if exposure.type == "NodePort" else PORTS
    return {name: Endpoint(host=exposure.host, port=at[name]) for name in SERVICES}
