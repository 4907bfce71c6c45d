"""The pooler: an image that cannot change under us, sizes that Fargate has, and a promise that RDS keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from components.settings.catalogue.rds_classes import size
from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.units import whole

IMAGE = re.compile(r"[a-z0-9][\w./:-]*@sha256:[0-9a-f]{64}")
# ECS: memory in MiB that goes with each CPU size.
FARGATE: Mapping[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
}
NOBODYS = "@sha256:" + "0" * 64
SYNCHRONOUS = ("zero-loss", "balanced")


def pooler(settings: Settings) -> Iterator[Finding]:
    """PgBouncer's tasks."""
    asked, path = settings.rds.pooler, ("rds", "pooler")
    if asked.kind != "pgbouncer":
        return
    if asked.image is None:
        yield Finding(
            (*path, "image"),
            "is missing; name an image of PgBouncer by its digest (name@sha256:...), or set kind to rds_proxy or none",
        )
    elif not IMAGE.fullmatch(asked.image):
        yield Finding(
            (*path, "image"), f"found {asked.image!r}; allowed is an image by its digest: name@sha256:<64 digits>"
        )
    allowed = FARGATE[asked.cpu]
    if asked.memory not in allowed:
        near = min(allowed, key=lambda one: abs(one - asked.memory))
        yield Finding(
            (*path, "memory"),
            f"found {asked.memory}; Fargate gives {asked.cpu} CPU units {allowed[0]} to {allowed[-1]} MiB in its steps;"
            f" nearest is {near}",
        )
    if asked.tasks > asked.max_tasks:
        yield Finding((*path, "tasks"), f"found {asked.tasks}; allowed is max_tasks ({asked.max_tasks}) or less")


def pools_fit(settings: Settings) -> Iterator[Finding]:
    """All tasks together must find room in the max_connections of the class."""
    limit = connections(settings)
    rds = settings.rds
    if limit is None or rds.pooler.kind != "pgbouncer":
        return
    one = settings.pooler.default_pool_size + settings.pooler.reserve_pool_size
    if one * rds.pooler.max_tasks > limit:
        yield Finding(
            ("pooler", "default_pool_size"),
            f"found {settings.pooler.default_pool_size}, with the reserve {one} server connections for one pool of"
            " each of"
            f" {rds.pooler.max_tasks} tasks, {one * rds.pooler.max_tasks} together; {rds.instance_class} has about"
            f" {limit};"
            " lower it or rds.pooler.max_tasks, or take a larger class",
        )


def connections(settings: Settings, instance_class: str | None = None) -> int | None:
    """max_connections: the stack's own, else what RDS derives from the class; None when neither tells."""
    own = {name.lower(): value for name, value in settings.parameters.items()}.get("max_connections")
    if own is not None:
        try:
            return whole(own)
        except ValueError:
            return None
    known = size(instance_class or settings.rds.instance_class)
    return known.max_connections if known else None


def durability(settings: Settings) -> Iterator[Finding]:
    """An instance alone has one copy of an acknowledged commit."""
    rds = settings.rds
    if settings.durability in SYNCHRONOUS and rds.topology == "instance" and not rds.multi_az:
        yield Finding(
            ("durability",),
            f"found {settings.durability}; without rds.multi_az a commit is on one volume only; set rds.multi_az"
            " to true,"
            " or durability to asynchronous",
        )


def placeholder_image(settings: Settings) -> Iterator[Finding]:
    """Advice: the example's digest is nobody's."""
    asked = settings.rds.pooler
    if asked.kind == "pgbouncer" and (asked.image or "").endswith(NOBODYS):
        yield Finding(
            ("rds", "pooler", "image"),
            "is a placeholder, and no task of PgBouncer will start: build components/rds/image, push it where your"
            " account can pull it, and name its digest",
        )


RULES = (pooler, pools_fit, durability)
ADVICE = (placeholder_image,)
