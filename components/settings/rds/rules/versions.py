"""Versions and classes: what exists, what can be created, what is supported how long, which upgrades there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from components.settings.catalogue import rds as offers
from components.settings.catalogue.rds import FARTHEST_UPGRADE, STANDARD_SUPPORT, Version
from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.nearest import nearest
from components.settings.rds.allowed import BY_NOW
from components.settings.rds.replicas import replicas

SOON = timedelta(days=183)
SERVERLESS = "db.serverless"


def engine_version(settings: Settings) -> Iterator[Finding]:
    """An exact version exists, can be created, belongs to the major, and is not moved on by RDS."""
    text, path = settings.rds.engine_version, ("rds", "engine_version")
    if text is None:
        return
    asked = offers.version(text)
    topology, good = settings.rds.topology, _creatable(settings)
    if asked is None:
        yield Finding(path, f"found {text!r}; allowed is a minor version such as {good}")
        return
    if asked.major != settings.known_major:
        yield Finding(
            path, f"found {text}, but major is {settings.known_major}; make them agree, or leave engine_version out"
        )
    known = offers.versions(topology, asked.major)
    if asked not in known and BY_NOW not in settings.allow:
        span = f"{known[0]} to {known[-1]}" if known else "no version of it"
        yield Finding(
            path,
            f"found {text}; on {offers.read_on()} RDS knew {span}; take {good}, or leave it out for the newest (if AWS"
            f" has it by now, add {BY_NOW} to allow)",
        )
    elif offers.is_deprecated(topology, asked):
        newer = offers.creatable(topology, asked.major)
        which = f"{newer[0]} to {newer[-1]}" if newer else f"none of {asked.major}"
        yield Finding(
            path, f"found {text}, which cannot be created any more; allowed are {which}; leave it out for the newest"
        )
    if settings.rds.auto_minor_upgrade:
        yield Finding(
            path,
            f"found {text} while auto_minor_upgrade is true: RDS would move on and differ from this file; leave it out,"
            " or set auto_minor_upgrade to false",
        )


def _creatable(settings: Settings) -> str:
    good = offers.creatable(settings.rds.topology, settings.known_major)
    return str(good[-1]) if good else f"a newer major than {settings.known_major}"


def version_meant(settings: Settings) -> Version | None:
    """The version that a new instance gets: the exact one, else the newest that can be created."""
    if settings.rds.engine_version:
        return offers.version(settings.rds.engine_version)
    newest = offers.creatable(settings.rds.topology, settings.known_major)
    return newest[-1] if newest else None


def standard_support(settings: Settings, today: date) -> Iterator[Finding]:
    """Past it, RDS bills Extended Support or upgrades by itself."""
    end = STANDARD_SUPPORT.get(settings.known_major)
    if end is None or today <= end or settings.rds.extended_support:
        return
    yield Finding(
        ("major",),
        f"found {settings.known_major}, whose standard support ended on {end}; take {_supported(today)} or newer,"
        " or set"
        " rds.extended_support to true and pay for it",
    )


def ends_soon(settings: Settings, today: date) -> Iterator[Finding]:
    """Advice: half a year before."""
    end = STANDARD_SUPPORT.get(settings.known_major)
    if end is not None and today <= end < today + SOON:
        yield Finding(("major",), f"is {settings.known_major}, whose standard support ends on {end}; plan the upgrade")


def _supported(today: date) -> int:
    return min(major for major, end in STANDARD_SUPPORT.items() if end >= today + SOON)


def instance_classes(settings: Settings) -> Iterator[Finding]:
    """Of the primary and of each replica: known, in the region, and offered with the version."""
    rds = settings.rds
    yield from _class(settings, ("rds", "instance_class"), rds.instance_class, rds.region)
    for index, replica in enumerate(replicas(settings)):
        if replica.instance_class or replica.region not in (None, rds.region):
            path = ("rds", "replicas", str(index), "instance_class")
            yield from _class(
                settings, path, replica.instance_class or rds.instance_class, replica.region or rds.region
            )


def _class(settings: Settings, path: tuple[str, ...], name: str, region: str | None) -> Iterator[Finding]:
    topology = settings.rds.topology
    everywhere = offers.anywhere(topology)
    here, meant = offers.in_region(topology, region or ""), version_meant(settings)
    with_version = offers.for_version(topology, meant) if meant else frozenset()
    if (name == SERVERLESS and topology == "aurora") or BY_NOW in settings.allow:
        return
    offered = (here or everywhere) & (with_version or everywhere)
    by_now = f" (if AWS has it by now, add {BY_NOW} to allow)"
    if name not in everywhere:
        like = nearest(name, sorted(everywhere))
        meant_text = f"; did you mean {like}?" if like else ""
        day = offers.read_on()
        yield Finding(path, f"found {name!r}; on {day} topology {topology} had no such class{meant_text}{by_now}")
    elif here and name not in here:
        yield Finding(path, f"found {name}, which {region} does not offer; {_instead(name, offered)}{by_now}")
    elif with_version and name not in with_version:
        yield Finding(path, f"found {name}, which PostgreSQL {meant} does not have; {_instead(name, offered)}{by_now}")


def _instead(name: str, offered: frozenset[str]) -> str:
    """A class of the same size in a family that is offered: Graviton first, the newest generation last in the list."""
    kind, size = name[3:4], name.rpartition(".")[2]
    fitting = sorted(one for one in offered if one[3:4] == kind and one.endswith(f".{size}"))
    return f"take {', '.join(fitting[-4:])}" if fitting else "take another class"


def serverless(settings: Settings) -> Iterator[Finding]:
    """Capacity and class belong together, in Aurora alone."""
    asked, path = settings.rds.serverless, ("rds", "serverless")
    is_class = settings.rds.instance_class == SERVERLESS
    if asked is None:
        if is_class and settings.rds.topology == "aurora":
            yield Finding(path, "is missing; instance_class db.serverless needs min and max")
        return
    if settings.rds.topology != "aurora" or not is_class:
        yield Finding(path, "belongs to topology aurora with instance_class db.serverless; remove it, or set both")
    for field in ("min", "max"):
        if getattr(asked, field) * 2 % 1:
            yield Finding((*path, field), f"found {getattr(asked, field)}; allowed are steps of 0.5")
    if asked.min > asked.max:
        yield Finding((*path, "min"), f"found {asked.min}; allowed is max ({asked.max}) or less")


def upgrade(settings: Settings) -> Iterator[Finding]:
    """The block says from where to where; RDS upgrades five majors in one step at most."""
    asked, path = settings.rds.upgrade, ("rds", "upgrade")
    if asked is None:
        return
    if asked.to != settings.known_major:
        yield Finding((*path, "to"), f"found {asked.to}, but major is {settings.known_major}; make them agree")
    if problem := path_problem(asked.from_, asked.to):
        yield Finding((*path, "from"), problem)


def path_problem(old: int, new: int) -> str | None:
    """Why RDS does not upgrade this major to that one; None when it does."""
    if new <= old:
        return f"found {old}, and to is {new}; an upgrade goes to a newer major; remove the block when it is done"
    if new - old > FARTHEST_UPGRADE:
        return f"found {old}; RDS does not go from {old} to {new} in one step; go to {old + FARTHEST_UPGRADE} first"
    return None


def target_problem(topology: str, running: Version, target: Version) -> str | None:
    """Why the running minor version cannot go to that one; None when it can.

    A major upgrade goes to a minor that came out on the same day as the running one, or later.
    """
    if target == running:
        return None
    if target.major < running.major or (target.major == running.major and target < running):
        return f"found {target}; {running} runs, and RDS never goes back; take {running} or newer"
    if target.major > running.major and target.release < running.release:
        least = next((one for one in offers.creatable(topology, target.major) if one.release >= running.release), None)
        fitting = f"{least} or newer" if least else "a newer one"
        return f"found {target}, which is older than {running} that runs; take {fitting}"
    return None


RULES = (engine_version, instance_classes, serverless, upgrade)
DATED = (standard_support,)
DATED_ADVICE = (ends_soon,)
