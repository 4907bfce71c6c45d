"""Read replicas: how many, from whom, where, and not smaller than what they follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.settings.catalogue.rds_classes import size
from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.rds.replicas import replicas
from components.settings.rds.rules.places import key_problem, region_problem, zone_problem
from components.settings.rds.topology import ReplicaSettings

MOST, DEEPEST = 15, 3
# What a reader of an Aurora cluster gets from the cluster.
CLUSTERS_OWN = ("region", "source", "storage", "multi_az", "vpc", "subnets", "key", "promote")

Path = tuple[str, ...]


def numbered(settings: Settings) -> list[tuple[Path, ReplicaSettings]]:
    """Each replica with the path that a message names."""
    named = settings.rds.replicas is not None
    return [
        (("rds", "replicas", str(index)) if named else ("replicas",), replica)
        for index, replica in enumerate(replicas(settings))
    ]


def count(settings: Settings) -> Iterator[Finding]:
    """At most 15 of a source, each name once; a Multi-AZ DB cluster brings its own."""
    asked = replicas(settings)
    path = ("rds", "replicas") if settings.rds.replicas is not None else ("replicas",)
    if settings.rds.topology == "cluster" and asked:
        yield Finding(
            path, "topology cluster has its two readers and takes no other here; remove them, or take topology instance"
        )
    if len(asked) > MOST:
        yield Finding(path, f"found {len(asked)} replicas; RDS allows {MOST}; remove some")
    seen: set[str] = set()
    for where, replica in numbered(settings):
        if replica.name in seen:
            yield Finding((*where, "name"), f"found {replica.name!r} for the second time; give each its own name")
        seen.add(replica.name)


def sources(settings: Settings) -> Iterator[Finding]:
    """Each follows the primary or a replica of this list, at most three deep, never itself."""
    by_name = {replica.name: replica for replica in replicas(settings)}
    for path, replica in numbered(settings):
        if replica.source is None:
            continue
        if replica.source not in by_name:
            known = ", ".join(name for name in by_name if name != replica.name) or "none"
            yield Finding(
                (*path, "source"),
                f"found {replica.source!r}, which is no replica of this stack (others: {known}); name one, or"
                " remove it",
            )
            continue
        depth = _depth(replica, by_name)
        if depth is None:
            yield Finding(
                (*path, "source"), f"found {replica.source!r}, which follows {replica.name!r} itself in the end"
            )
        elif depth > DEEPEST:
            yield Finding(
                (*path, "source"), f"makes it {depth} deep below the primary; RDS allows {DEEPEST}; take another source"
            )


def _depth(replica: ReplicaSettings, by_name: Mapping[str, ReplicaSettings]) -> int | None:
    """How far below the primary; None when it goes round in a circle. An unknown source counts as the primary."""
    depth, here = 1, replica
    while here.source is not None and here.source in by_name:
        here = by_name[here.source]
        depth += 1
        if depth > len(by_name) + 1:
            return None
    return depth


def places(settings: Settings) -> Iterator[Finding]:
    """Known regions, zones of them, a network and a key where the region is another one."""
    home = settings.rds.region
    for path, replica in numbered(settings):
        there = replica.region or home
        if replica.region and (problem := region_problem(replica.region)):
            yield Finding((*path, "region"), problem)
            continue
        if replica.zone and replica.multi_az:
            yield Finding(
                (*path, "zone"), "cannot be named together with multi_az, which takes two; remove one of them"
            )
        elif replica.zone and (problem := zone_problem(replica.zone, there)):
            yield Finding((*path, "zone"), problem)
        yield from _abroad(path, replica, settings) if there != home else _at_home(path, replica)


def _abroad(path: Path, replica: ReplicaSettings, settings: Settings) -> Iterator[Finding]:
    if (replica.vpc is None) != (not replica.subnets):
        yield Finding((*path, "vpc"), "vpc and subnets belong together; name both, or neither and a network is made")
    if replica.subnets and len(replica.subnets) < 2:
        yield Finding((*path, "subnets"), f"found {len(replica.subnets)}; a subnet group needs two zones or more")
    if replica.key is None and settings.rds.encryption.key != "own":
        yield Finding(
            (*path, "key"),
            f"is missing; a replica in {replica.region} needs a key of that region, because rds.encryption.key is not"
            " own; name its ARN",
        )
    elif replica.key and (problem := key_problem(replica.key, replica.region)):
        yield Finding((*path, "key"), problem)


def _at_home(path: Path, replica: ReplicaSettings) -> Iterator[Finding]:
    for field in ("vpc", "subnets", "key"):
        if getattr(replica, field):
            yield Finding(
                (*path, field), "comes from the primary in the same region; remove it, or name another region"
            )


def not_smaller(settings: Settings) -> Iterator[Finding]:
    """Storage that grows less far than the primary's stops the replica one day."""
    if settings.rds.topology != "instance":
        return
    ceiling = settings.rds.storage.ceiling
    for path, replica in numbered(settings):
        own = replica.storage.max
        if own is None:
            continue
        if own and own < settings.rds.storage.size:
            yield Finding(
                (*path, "storage", "max"),
                f"found {own}; the primary has {settings.rds.storage.size} GiB already; raise it",
            )
        elif ceiling is not None and own < ceiling:
            yield Finding(
                (*path, "storage", "max"),
                f"found {own}; the primary may grow to {ceiling}, and the replica would stop then; set {ceiling}"
                " or more,"
                " or remove it",
            )


def only_what_they_have(settings: Settings) -> Iterator[Finding]:
    """A reader of an Aurora cluster shares the cluster's storage and place."""
    if settings.rds.topology != "aurora":
        return
    for path, replica in numbered(settings):
        for field in CLUSTERS_OWN:
            if field in replica.model_fields_set and getattr(replica, field):
                yield Finding(
                    (*path, field), "does not apply to a reader of Aurora, which has the cluster's; remove it"
                )


def promotion(settings: Settings) -> Iterator[Finding]:
    """One at a time, and somebody has to have followed before."""
    promoted = [(path, replica) for path, replica in numbered(settings) if replica.promote]
    for path, replica in promoted[1:]:
        yield Finding(
            (*path, "promote"),
            f"found true beside {promoted[0][1].name!r}; promote one, let it finish, then {replica.name!r}",
        )


def smaller_class(settings: Settings) -> Iterator[Finding]:
    """Advice: a smaller replica falls behind."""
    source = size(settings.rds.instance_class)
    for path, replica in numbered(settings):
        own = size(replica.instance_class or settings.rds.instance_class)
        if own and source and (own.vcpus < source.vcpus or own.memory < source.memory):
            yield Finding(
                (*path, "instance_class"),
                f"is {replica.instance_class}, smaller than the primary's {settings.rds.instance_class}: it will"
                " fall behind",
            )


def same_zone(settings: Settings) -> Iterator[Finding]:
    """Advice: one lost zone would take both."""
    zone = settings.rds.availability_zone
    for path, replica in numbered(settings):
        if zone and replica.zone == zone and not settings.rds.multi_az:
            yield Finding((*path, "zone"), f"is {zone}, the zone of the single-zone primary: one fault would take both")


RULES = (count, sources, places, not_smaller, only_what_they_have, promotion)
ADVICE = (smaller_class, same_zone)
