"""What may not become of a database that runs: compared with what the stack knew of it after its last run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.settings.catalogue import rds as offers
from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.rds.allowed import REPLACE
from components.settings.rds.replicas import replicas
from components.settings.rds.rules.storage import growth_problem
from components.settings.rds.rules.versions import target_problem

# Write-once with AWS: a change of one is a new, empty database.
WRITE_ONCE = ("topology", "region", "database", "username", "availability_zone")


@dataclass(frozen=True, kw_only=True)
class Running:
    """What runs, as AWS told it: the exact version, and what has grown by itself.

    `asked_storage` is what the stack asked for the last time, so less than that is a wish to shrink. `once` holds the
    values of WRITE_ONCE and `encryption.key` as they were asked for; `promoted` names the replicas that follow nobody
    any more.
    """

    version: str
    instance_class: str
    storage: int | None = None
    asked_storage: int | None = None
    once: Mapping[str, Any] = field(default_factory=dict)
    promoted: frozenset[str] = frozenset()


def change_findings(settings: Settings, running: Running) -> list[Finding]:
    """Every change that AWS would refuse, or that would cost the data; empty for the first run of a stack, too."""
    return [finding for rule in RULES for finding in rule(settings, running)]


def major_upgrade(settings: Settings, running: Running) -> Iterator[Finding]:
    """A major upgrade is said, from what runs, to something that is not older."""
    now = offers.version(running.version)
    if now is None:
        return
    wanted, said = settings.known_major, settings.rds.upgrade
    if wanted < now.major:
        yield Finding(("major",), f"found {wanted}; {now} runs, and RDS never goes back; set {now.major}")
    elif wanted > now.major and said is None:
        yield Finding(
            ("major",),
            f"found {wanted}; {now} runs; an upgrade has to be said: add rds.upgrade:"
            f" {{from: {now.major}, to: {wanted}}}",
        )
    if said is not None and said.from_ != now.major:
        done = "; it is done, remove the block" if said.to == now.major else ""
        yield Finding(("rds", "upgrade", "from"), f"found {said.from_}, but {now} runs{done}")
    pinned = offers.version(settings.rds.engine_version or "")
    if pinned is not None and wanted >= now.major and (problem := target_problem(settings.rds.topology, now, pinned)):
        yield Finding(("rds", "engine_version"), problem)


def class_and_major(settings: Settings, running: Running) -> Iterator[Finding]:
    """RDS changes the class first: the old version must have the new one."""
    now = offers.version(running.version)
    wanted = settings.rds.instance_class
    if now is None or settings.known_major == now.major or wanted == running.instance_class:
        return
    offered = offers.for_version(settings.rds.topology, now)
    if offered and wanted not in offered:
        yield Finding(
            ("rds", "instance_class"),
            f"found {wanted}, which {now} that runs does not have; upgrade with {running.instance_class} first,"
            " then change"
            " the class",
        )


def growth(settings: Settings, running: Running) -> Iterator[Finding]:
    """Storage never shrinks, and grows by a tenth at least; what grew by itself below the ceiling is no shrinking."""
    asked = settings.rds.storage
    if running.storage is None or settings.rds.topology == "aurora":
        return
    grown_by_itself = (
        settings.rds.topology == "instance"
        and asked.ceiling is not None
        and asked.size < running.storage <= asked.ceiling
        and asked.size >= (running.asked_storage or 0)
    )
    if not grown_by_itself and (problem := growth_problem(running.storage, asked.size)):
        yield Finding(("rds", "storage", "size"), problem)


def write_once(settings: Settings, running: Running) -> Iterator[Finding]:
    """A new value would be a new database."""
    if REPLACE in settings.allow:
        return
    for name, value in running_values(settings).items():
        if name in running.once and running.once[name] != value:
            yield Finding(
                ("rds", *name.split(".")),
                f"found {_shown(value)}; it is {_shown(running.once[name])} now, and AWS changes it only by making"
                " a new,"
                f" empty database; set it back, or restore into a second stack; or add {REPLACE} to allow",
            )


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value) if isinstance(value, str) else str(value).lower()


def no_way_back(settings: Settings, running: Running) -> Iterator[Finding]:
    """A promoted replica does not follow again."""
    for index, replica in enumerate(replicas(settings)):
        if replica.name in running.promoted and not replica.promote:
            yield Finding(
                ("rds", "replicas", str(index), "promote"),
                f"found false, but {replica.name!r} was promoted and does not follow again; set true, or give the"
                " replica a"
                " new name",
            )


def running_values(settings: Settings) -> dict[str, Any]:
    """What a stack keeps of its settings, to compare the next ones with: the plain values of `Running.once`."""
    return {
        **{name: getattr(settings.rds, name) for name in WRITE_ONCE},
        "encryption.key": settings.rds.encryption.key,
    }


RULES = (major_upgrade, class_and_major, growth, write_once, no_way_back)
