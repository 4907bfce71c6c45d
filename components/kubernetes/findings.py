"""What the cluster lacks of what the settings ask for, as findings with the path of the setting."""

from __future__ import annotations

from collections.abc import Iterator

from components.kubernetes.election import config_maps
from components.kubernetes.issuer import issuer_findings
from components.kubernetes.monitoring import DEFINITIONS
from components.kubernetes.names import DATA, ETCD, MEMBERS, WAL, forget, namespace, volumes
from components.kubernetes.preflight import Facts
from components.render.restored import restored_to, target
from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.quantity import in_bytes

HERE = "kubernetes"


def findings(settings: Settings, facts: Facts) -> list[Finding]:
    """Everything that is wrong, at once; an unreachable cluster is the only finding, since nothing else is known."""
    if facts.unreachable is not None:
        return [_unreachable(settings, facts)]
    return [
        *_namespace(settings, facts),
        *_class(settings, facts),
        *_volumes(settings, facts),
        *_wal_volumes(settings, facts),
        *_etcd_nodes(settings, facts),
        *_election(settings, facts),
        *_operator(settings, facts),
        *issuer_findings(settings, facts.issuer),
        *_restored_already(settings, facts),
        *_fork(facts),
    ]


def _unreachable(settings: Settings, facts: Facts) -> Finding:
    given = settings.kubernetes
    context = given.context or facts.context
    where = f"context {context}" if context else "no context (the kubeconfig names none)"
    address = f" at {facts.address}" if facts.address else ""
    return Finding(
        (HERE, "context"),
        f"the cluster of {where}{address} does not answer: {facts.unreachable}; check `kubectl cluster-info`, the"
        " VPN and the kubeconfig, or name another context",
    )


def _namespace(settings: Settings, facts: Facts) -> Iterator[Finding]:
    space, existing = namespace(settings), settings.kubernetes.existing_namespace
    if facts.namespaces is None:
        return  # one may not look; Kubernetes itself will say
    there = space in facts.namespaces
    if existing and not there:
        yield Finding(
            (HERE, "namespace"),
            f"there is no namespace {space} in context {facts.context}; make it, or set existing_namespace to false",
        )
    elif there and not existing and facts.owner != settings.name:
        whose = "somebody else's" if facts.owner is None else f"the cluster {facts.owner}'s"
        yield Finding(
            (HERE, "namespace"),
            f"namespace {space} is there already and is {whose}; choose another one, or set existing_namespace to true",
        )


def _class(settings: Settings, facts: Facts) -> Iterator[Finding]:
    wanted, path = settings.kubernetes.storage.storage_class, (HERE, "storage", "storage_class")
    if facts.classes is None:
        return
    known = ", ".join(name for name, _, _ in facts.classes) or "none"
    if wanted is None and not any(default for _, default, _ in facts.classes):
        yield Finding(path, f"this cluster has no default StorageClass; name one of: {known}")
    elif wanted is not None and wanted not in {name for name, _, _ in facts.classes}:
        yield Finding(path, f"found {wanted}; this cluster has: {known}")


def _volumes(settings: Settings, facts: Facts) -> Iterator[Finding]:
    """A claim never shrinks, grows only where its class allows it, and never changes its class."""
    storage = settings.kubernetes.storage
    grows = {name: able for name, _, able in facts.classes or ()}
    parts = [(MEMBERS, DATA, storage.size, "size"), (MEMBERS, WAL, storage.wal_size, "wal_size")]
    parts += [] if settings.lease_in_kubernetes else [(ETCD, DATA, storage.etcd_size, "etcd_size")]
    for part, template, size, key in parts:
        if size is None:
            continue
        claims = _of(part, facts, template)
        small = {name: have for name, (have, _) in claims.items() if in_bytes(size) < in_bytes(have)}
        fixed = [
            name
            for name, (have, kind) in claims.items()
            if in_bytes(size) > in_bytes(have) and not grows.get(kind, True)
        ]
        if small:
            have = max(small.values(), key=in_bytes)
            yield Finding(
                (HERE, "storage", key),
                f"found {size}; {', '.join(sorted(small))} {'has' if len(small) == 1 else 'have'} {have}, and no volume"
                f" shrinks; set {have} or more, or move the data to a new cluster",
            )
        if fixed:
            yield Finding(
                (HERE, "storage", key),
                f"found {size}; the StorageClass {claims[fixed[0]][1]} of {', '.join(sorted(fixed))} does not allow"
                " expansion (allowVolumeExpansion); set the size back, or move the data to a new cluster",
            )
        wanted = storage.storage_class
        other = sorted(name for name, (_, kind) in claims.items() if wanted and kind and kind != wanted)
        if other:
            yield Finding(
                (HERE, "storage", "storage_class"),
                f"found {wanted}; {', '.join(other)} {'is' if len(other) == 1 else 'are'} of class"
                f" {claims[other[0]][1]}, which never changes; set it back, or move the data to a new cluster",
            )


def _wal_volumes(settings: Settings, facts: Facts) -> Iterator[Finding]:
    """Whether WAL has a volume of its own is decided once: pg_wal is a link to it, or a folder."""
    wanted = settings.kubernetes.storage.wal_size
    have = bool(_of(MEMBERS, facts, WAL))
    if _of(MEMBERS, facts) and have != (wanted is not None):
        made, cure = ("with", "set it back") if have else ("without", "remove it")
        yield Finding(
            (HERE, "storage", "wal_size"),
            f"found {wanted or 'nothing'}; the members of this cluster were made {made} a volume for WAL, which is"
            f" fixed; {cure}, or move the data to a new cluster (restore, or a standby cluster)",
        )


def _etcd_nodes(settings: Settings, facts: Facts) -> Iterator[Finding]:
    """A node joins a running etcd only in the place of a lost one: how many there are is decided once."""
    have = len(_of(ETCD, facts))
    wanted = settings.kubernetes.etcd.nodes
    if have and have != wanted and not settings.lease_in_kubernetes:
        yield Finding(
            (HERE, "etcd", "nodes"),
            f"found {wanted}; this cluster was made with {have}, which is fixed; set {have}, or move the data to a new"
            " cluster",
        )


def _of(part: str, facts: Facts, template: str = DATA) -> dict[str, tuple[str, str]]:
    """The claims of a part's pods."""
    return {name: found for name, found in facts.volumes.items() if name.startswith(volumes(part, template))}


def _election(settings: Settings, facts: Facts) -> Iterator[Finding]:
    """Where the lease is kept is decided once: beside it lies who has acknowledged commits, and who may lead."""
    here, members, etcd = (HERE, "leader_election"), _of(MEMBERS, facts), _of(ETCD, facts)
    kept = config_maps(settings)
    remembered = kept[0] in facts.config_maps
    if settings.lease_in_kubernetes and etcd:
        yield Finding(
            here,
            f"found kubernetes; this cluster was made with etcd ({', '.join(sorted(etcd))}), which is fixed; set etcd,"
            " or move the data to a new cluster",
        )
    elif settings.lease_in_kubernetes and not members and remembered:
        yield Finding(
            here,
            f"the namespace remembers a cluster whose volumes are gone: ConfigMap {kept[0]} is Patroni's, and new"
            f" members would wait for that cluster's leader for ever; bring its volumes back, or begin anew with"
            f" `kubectl --namespace={namespace(settings)} delete configmap {' '.join(kept)} --ignore-not-found`",
        )
    elif not settings.lease_in_kubernetes and members and not etcd and remembered:
        yield Finding(
            here,
            f"found etcd; this cluster was made with kubernetes (ConfigMap {kept[0]}), which is fixed; set kubernetes,"
            " or move the data to a new cluster",
        )


def _operator(settings: Settings, facts: Facts) -> Iterator[Finding]:
    if not settings.kubernetes.monitoring.enabled or facts.definitions is None:
        return
    if missing := [name for name in DEFINITIONS if name not in facts.definitions]:
        yield Finding(
            (HERE, "monitoring", "enabled"),
            f"this cluster does not know {', '.join(missing)}; install the Prometheus operator, or set enabled to"
            " false",
        )


def _restored_already(settings: Settings, facts: Facts) -> Iterator[Finding]:
    """A restore is for a cluster that is not there, or that it made."""
    wanted, there = restored_to(settings), sorted(_of(MEMBERS, facts))
    if wanted and there and wanted not in [facts.made_from.get(name) for name in there]:
        yield Finding(
            ("restore",),
            f"makes a new cluster, and namespace {namespace(settings)} holds the volumes of one"
            f" ({', '.join(there)}), which was not restored from {wanted['source']} {target(wanted)}: remove restore;"
            f" or end that cluster for good with make down and `{forget(settings)}`, which keep its repository; or"
            " choose another name and namespace",
        )


def _fork(facts: Facts) -> Iterator[Finding]:
    """Patroni is told whom to follow when its members run: until then they lead, on a timeline of their own."""
    if facts.sleeping_primary:
        yield Finding(
            (HERE, "standby_of"),
            "this cluster hibernates and followed nobody: it would wake as a primary before it is told whom to follow,"
            " and what it then writes parts it from the other one; make it anew instead: `down`, delete its claims,"
            " `up` (docs/runbooks/standby-cluster.md)",
        )
