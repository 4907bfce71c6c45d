"""What must hold below `kubernetes:`, and between it and the other settings. Nothing here asks the cluster."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from components.settings.kubernetes import LABEL, SUBDOMAIN
from components.settings.model import Settings
from components.settings.parameters import usable_connections
from components.settings.quantity import in_bytes, megabytes, millicores
from components.settings.units import whole

Fault = tuple[tuple[str, ...], str]
HERE = "kubernetes"
# A frozen member is dead this many seconds after it froze: k8s/ probes it every 3 s, thrice, for 3 s each, and gives it
# 4 s to end. Its lease must live longer.
FROZEN_IS_DEAD = 16
LEAST_MEMORY, LEAST_GATEWAY, LEAST_VOLUME, LEAST_ETCD = 256 * 2**20, 64 * 2**20, 2**30, 256 * 2**20
LEAST_WAL = 512 * 2**20
SERVICES = ("writer", "reader", "pooled", "pooled_reader")
# Public images that people try first. Patroni is in none of them; what any other image holds, its first start says.
WITHOUT_PATRONI = re.compile(
    r"((docker\.io|index\.docker\.io)/)?((library/)?postgres|(bitnami|bitnamilegacy)/(postgresql|postgresql-repmgr)"
    r"|postgis/postgis|pgvector/pgvector|timescale/timescaledb|supabase/postgres)|ghcr\.io/cloudnative-pg/postgresql"
)


def kubernetes_faults(settings: Settings) -> Iterator[Fault]:
    """(path, sentence) for everything that is wrong with a stack of the Kubernetes platform."""
    if settings.platform != "kubernetes":
        return
    for rule in RULES:
        yield from rule(settings)


def _etcd(settings: Settings) -> Iterator[Fault]:
    nodes = settings.kubernetes.etcd.nodes
    if nodes % 2 == 0 and not settings.lease_in_kubernetes:
        yield (
            (HERE, "etcd", "nodes"),
            f"found {nodes}; an even number bears no more losses than {nodes - 1} and needs one more vote; set"
            f" {nodes - 1} or {nodes + 1}",
        )


def _election(settings: Settings) -> Iterator[Fault]:
    """What is said of etcd where there is none was meant for something."""
    if not settings.lease_in_kubernetes:
        return
    given = settings.kubernetes
    said = [("etcd", name) for name in sorted(given.etcd.model_fields_set)]
    said += [("storage", "etcd_size")] if "etcd_size" in given.storage.model_fields_set else []
    for path in said:
        yield (
            (HERE, *path),
            f"has no meaning with {HERE}.leader_election kubernetes, which runs no etcd; remove it, or set"
            " leader_election to etcd",
        )


def _timing(settings: Settings) -> Iterator[Fault]:
    ttl, loop_wait = settings.patroni.ttl, settings.patroni.loop_wait
    if ttl - loop_wait <= FROZEN_IS_DEAD and ttl >= loop_wait + 2 * settings.patroni.retry_timeout:
        yield (
            ("patroni", "ttl"),
            f"ttl {ttl} and loop_wait {loop_wait} leave {ttl - loop_wait} s; a frozen member's lease must outlive the"
            f" {FROZEN_IS_DEAD} s until its probes have ended it, or two members take writes for a while; raise ttl to"
            f" {loop_wait + FROZEN_IS_DEAD + 1} or more, or lower loop_wait to {ttl - FROZEN_IS_DEAD - 1} or less",
        )


def _memory(settings: Settings) -> Iterator[Fault]:
    given = settings.kubernetes.resources.memory
    memory, path = in_bytes(given), (HERE, "resources", "memory")
    if memory < LEAST_MEMORY:
        yield path, f"found {given}; a member needs 256Mi or more"
        return
    names = {name.lower(): name for name in settings.parameters}
    if "shared_buffers" not in names:
        return
    wanted = settings.parameters[names["shared_buffers"]]
    try:
        buffers = whole(wanted, "8kB") * 8192
    except ValueError:
        return  # the parameter itself is reported
    if buffers > memory // 2:
        yield (
            ("parameters", names["shared_buffers"]),
            f"found {wanted}, with {HERE}.resources.memory {given}: at most half of the memory"
            f" ({megabytes(memory // 2)}) may be shared buffers, the rest is for sessions and the file cache, and"
            f" beyond the limit the kernel ends PostgreSQL; lower it (default: a quarter, {megabytes(memory // 4)}), or"
            f" raise the memory to {-(-buffers * 4 // 2**20)}Mi",
        )


def _sizes(settings: Settings) -> Iterator[Fault]:
    wanted = settings.kubernetes
    for path, given, least, word in (
        (("storage", "size"), wanted.storage.size, LEAST_VOLUME, "1Gi"),
        (("storage", "wal_size"), wanted.storage.wal_size, LEAST_WAL, "512Mi"),
        (("storage", "etcd_size"), wanted.storage.etcd_size, LEAST_ETCD, "256Mi"),
        (("gateways", "memory"), wanted.gateways.memory, LEAST_GATEWAY, "64Mi"),
    ):
        if given is not None and in_bytes(given) < least:
            yield (HERE, *path), f"found {given}; allowed is {word} or more"


def _pools(settings: Settings) -> Iterator[Fault]:
    gateways, pooler = settings.kubernetes.gateways.replicas, settings.pooler
    try:
        room = usable_connections(settings.parameters)
    except ValueError:
        return
    one = pooler.default_pool_size + pooler.reserve_pool_size
    if gateways * one > room >= one:
        yield (
            ("pooler", "default_pool_size"),
            f"found {pooler.default_pool_size}, with reserve_pool_size {one} server connections for one pool in each of"
            f" {gateways} gateways: {gateways * one}; the server has {room} for clients (max_connections less what is"
            f" reserved); lower it to {max(1, room // gateways - pooler.reserve_pool_size)} or less, lower"
            f" {HERE}.gateways.replicas, or raise parameters.max_connections",
        )


def _image(settings: Settings) -> Iterator[Fault]:
    image = settings.kubernetes.image
    if image is None:
        return
    name, path = image.partition("@")[0], (HERE, "image")
    last = name.rsplit("/", 1)[-1]
    tag = last.partition(":")[2]
    if "@" not in image and tag in ("", "latest"):
        yield (
            path,
            f"found {image!r}; allowed is an image with a tag other than latest, or with a digest: two members must"
            " never run different programs by accident",
        )
    repository = name.removesuffix(f":{tag}") if tag else name
    if WITHOUT_PATRONI.fullmatch(repository):
        yield (
            path,
            f"found {image!r}, which has no Patroni, no PgBouncer and no etcd; build one from k8s/image, or remove this"
            " line to use the one that k8s/ names",
        )


def _fenced(settings: Settings) -> Iterator[Fault]:
    known = [f"pg-{number}" for number in range(settings.members)]
    for index, name in enumerate(settings.kubernetes.fenced):
        path = (HERE, "fenced", str(index))
        if name not in known:
            yield path, f"found {name!r}; this cluster's members are {', '.join(known)}"
        elif name in settings.kubernetes.fenced[:index]:
            yield path, f"found {name!r} for the second time; name each member once"
    left = settings.members - len(set(settings.kubernetes.fenced) & set(known))
    needed = 2 if settings.durability == "zero-loss" else 1
    if left < needed:
        yield (
            (HERE, "fenced"),
            f"leaves {left} of {settings.members} members; durability {settings.durability} needs {needed} that may"
            " lead or be waited for; fence fewer, or raise replicas",
        )


def _exposure(settings: Settings) -> Iterator[Fault]:
    exposure, path = settings.kubernetes.exposure, (HERE, "exposure")
    fixed = {name: port for name in SERVICES if (port := getattr(exposure.node_ports, name)) is not None}
    for name, port in fixed.items():
        if exposure.type == "ClusterIP":
            yield (*path, "node_ports", name), f"found {port}; ClusterIP has no ports at machines: set type to NodePort"
        elif twin := next((other for other in fixed if other < name and fixed[other] == port), None):
            yield (*path, "node_ports", name), f"found {port}, which {twin} has already; choose another one"
    for index, source in enumerate(exposure.sources):
        here = (*path, "sources", str(index))
        try:
            ipaddress.ip_network(source)
        except ValueError as error:
            yield here, f"found {source!r}; allowed is a network such as 10.0.0.0/8 ({error})"
    if exposure.sources and exposure.type == "ClusterIP":
        yield (*path, "sources"), "needs type NodePort or LoadBalancer: nobody outside reaches a ClusterIP"
    if not exposure.sources and exposure.type != "ClusterIP":
        yield (
            (*path, "sources"),
            f"is empty, so with type {exposure.type} nobody outside may connect; name the networks that may, such as"
            " 10.0.0.0/8",
        )
    if exposure.host and exposure.type == "ClusterIP":
        yield (*path, "host"), f"found {exposure.host!r}; nobody outside reaches a ClusterIP: set type, or remove host"


def _exposed_ports(settings: Settings) -> Iterator[Fault]:
    """With NodePort, URLs outside the cluster are known only when the ports are."""
    exposure = settings.kubernetes.exposure
    if exposure.type != "NodePort" or exposure.host is None:
        return
    missing = [name for name in SERVICES if getattr(exposure.node_ports, name) is None]
    if missing:
        yield (
            (HERE, "exposure", "node_ports"),
            f"lacks {', '.join(missing)}; with host, clients need ports that do not change: set all four",
        )


def _certificates(settings: Settings) -> Iterator[Fault]:
    given, path = settings.kubernetes.certificates, (HERE, "certificates")
    if given.issuer == "cert-manager" and not given.issuer_name:
        yield (*path, "issuer_name"), "is missing; cert-manager needs the name of an Issuer that signs as a CA"
    if given.issuer == "own" and given.issuer_name:
        yield (*path, "issuer_name"), f"found {given.issuer_name!r}; it is read with issuer cert-manager only"
    if (given.authority_certificate is None) != (given.authority_key is None):
        absent = "authority_key" if given.authority_key is None else "authority_certificate"
        yield (*path, absent), "is missing; a CA of your own is a certificate and its key"
    if given.authority_certificate is not None and given.issuer != "own":
        yield (*path, "authority_certificate"), "is read with issuer own only; remove it, or set issuer to own"


def _standby(settings: Settings) -> Iterator[Fault]:
    wanted = settings.kubernetes
    if wanted.standby_of and wanted.certificates.issuer == "own" and not wanted.certificates.authority_certificate:
        yield (
            (HERE, "standby_of"),
            "needs the other cluster's CA, or the two would not let each other in: set"
            " certificates.authority_certificate and authority_key to it (docs/runbooks/standby-cluster.md), or let one"
            " cert-manager issuer sign both",
        )


def _names(settings: Settings) -> Iterator[Fault]:
    wanted = settings.kubernetes
    for key, names, pattern in (
        (("pull_secrets",), wanted.pull_secrets, SUBDOMAIN),
        (("exposure", "namespaces"), wanted.exposure.namespaces, LABEL),
    ):
        for index, name in enumerate(names):
            if not re.fullmatch(pattern, name):
                yield (
                    (HERE, *key, str(index)),
                    f"found {name!r}; Kubernetes takes small letters, digits and inner hyphens (RFC 1123)",
                )


def _cpu(settings: Settings) -> Iterator[Fault]:
    for part in ("resources", "gateways"):
        given = getattr(settings.kubernetes, part).cpu
        if millicores(given) < 10:
            yield (HERE, part, "cpu"), f"found {given}; allowed is 10m or more"


RULES = (
    _etcd,
    _election,
    _timing,
    _memory,
    _sizes,
    _pools,
    _image,
    _fenced,
    _exposure,
    _exposed_ports,
    _certificates,
    _standby,
    _names,
    _cpu,
)
