"""Storage arithmetic: sizes, IOPS and throughput by type, autoscaling, growth (RDS user guide, "Storage")."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from components.settings.finding import Finding
from components.settings.model import Settings

STEP = 400  # GiB; from here on RDS stripes gp3 over four volumes, and IOPS and throughput may be chosen
GP3_SMALLEST, PROVISIONED_SMALLEST, LARGEST = 20, 100, 65536
GP3_IOPS, GP3_THROUGHPUT = (12000, 64000), (500, 4000)
PROVISIONED_IOPS = (1000, 256000)
PROVISIONED_RATIO = (0.5, 50)  # IOPS for each GiB
GP3_RATIO = 500  # IOPS for each GiB at most
THROUGHPUT_RATIO = 4  # IOPS for each MiB/s at least
LEAST_ROOM, GOOD_ROOM = 1.10, 1.26
LEAST_GROWTH = 1.10
AURORA_TYPES = ("aurora", "aurora-iopt1")


def storage_type(settings: Settings) -> str:
    """The type, the default of the topology filled in."""
    return settings.rds.storage.type or ("aurora" if settings.rds.topology == "aurora" else "gp3")


def storage(settings: Settings) -> Iterator[Finding]:
    """Type and topology, then the arithmetic of the type."""
    asked, kind = settings.rds.storage, storage_type(settings)
    if (settings.rds.topology == "aurora") != (kind in AURORA_TYPES):
        fitting = "aurora or aurora-iopt1" if settings.rds.topology == "aurora" else "gp3, io1 or io2"
        yield Finding(
            ("rds", "storage", "type"),
            f"found {kind}; topology {settings.rds.topology} takes {fitting}; change one of the two",
        )
    elif kind in AURORA_TYPES:
        yield from _only_type(settings)
    elif kind == "gp3":
        yield from _at("rds", "storage", found=gp3_problems(asked.size, asked.iops, asked.throughput))
    else:
        yield from _at("rds", "storage", found=provisioned_problems(kind, asked.size, asked.iops, asked.throughput))
    yield from autoscaling(settings)


def _at(*path: str, found: Iterator[tuple[str, str]]) -> Iterator[Finding]:
    for field, message in found:
        yield Finding((*path, field), message)


def _only_type(settings: Settings) -> Iterator[Finding]:
    asked = settings.rds.storage
    for field in ("size", "max", "iops", "throughput"):
        if field in asked.model_fields_set and getattr(asked, field) is not None:
            yield Finding(
                ("rds", "storage", field), "does not apply: Aurora's storage grows and is paid by use; remove it"
            )


def gp3_problems(size: int, iops: int | None, throughput: int | None) -> Iterator[tuple[str, str]]:
    """(field, sentence) for each break of gp3's rules."""
    if not GP3_SMALLEST <= size <= LARGEST:
        yield "size", f"found {size} GiB; gp3 has {GP3_SMALLEST} to {LARGEST} GiB"
    if size < STEP:
        for field, value, included in (("iops", iops, "3000"), ("throughput", throughput, "125 MiB/s")):
            if value is not None:
                yield (
                    field,
                    f"found {value}; below {STEP} GiB gp3 has its {included} and takes no other; remove it, or raise"
                    f" size to {STEP}",
                )
        return
    yield from _between("iops", iops, GP3_IOPS, f"gp3 of {STEP} GiB and more")
    yield from _between("throughput", throughput, GP3_THROUGHPUT, f"gp3 of {STEP} GiB and more", " MiB/s")
    if iops is not None and iops > GP3_RATIO * size:
        yield (
            "iops",
            f"found {iops}; {size} GiB allow {GP3_RATIO * size} ({GP3_RATIO} for each GiB); lower it or raise size",
        )
    effective = iops if iops is not None else GP3_IOPS[0]
    if throughput is not None and throughput * THROUGHPUT_RATIO > effective:
        yield (
            "throughput",
            f"found {throughput} MiB/s; {effective} IOPS allow {effective // THROUGHPUT_RATIO} (a quarter); lower"
            " it, or"
            f" raise iops to {throughput * THROUGHPUT_RATIO}",
        )


def provisioned_problems(kind: str, size: int, iops: int | None, throughput: int | None) -> Iterator[tuple[str, str]]:
    """(field, sentence) for each break of the rules of io1 and io2."""
    if not PROVISIONED_SMALLEST <= size <= LARGEST:
        yield "size", f"found {size} GiB; {kind} has {PROVISIONED_SMALLEST} to {LARGEST} GiB"
    if throughput is not None:
        yield "throughput", f"found {throughput}; {kind} takes none, it follows from iops; remove it"
    low, high = ceil(PROVISIONED_RATIO[0] * size), int(PROVISIONED_RATIO[1] * size)
    low, high = max(low, PROVISIONED_IOPS[0]), min(high, PROVISIONED_IOPS[1])
    if iops is None:
        yield "iops", f"is missing; {kind} of {size} GiB needs {low} to {high}"
    elif not low <= iops <= high:
        yield "iops", f"found {iops}; {kind} of {size} GiB takes {low} to {high} (0.5 to 50 for each GiB)"


def _between(
    field: str, value: int | None, limits: tuple[int, int], what: str, unit: str = ""
) -> Iterator[tuple[str, str]]:
    if value is not None and not limits[0] <= value <= limits[1]:
        yield field, f"found {value}{unit}; {what} takes {limits[0]} to {limits[1]}{unit}, or nothing for the default"


def autoscaling(settings: Settings) -> Iterator[Finding]:
    """The ceiling of an instance: room to grow, and IOPS that it still allows."""
    asked, path = settings.rds.storage, ("rds", "storage", "max")
    if settings.rds.topology == "aurora" or not asked.max:
        return
    least = ceil(round(asked.size * LEAST_ROOM, 6))
    if settings.rds.topology == "cluster":
        yield Finding(path, "does not apply: the storage of a Multi-AZ DB cluster does not grow by itself; remove it")
    elif asked.max < least:
        yield Finding(
            path,
            f"found {asked.max}; {asked.size} GiB need {least} or more (10 % above size, or RDS refuses); raise"
            " it, or set 0"
            " and the storage does not grow",
        )
    elif asked.iops and storage_type(settings) == "gp3" and asked.iops > GP3_RATIO * asked.max:
        yield Finding(path, f"found {asked.max}; {asked.iops} IOPS need {ceil(asked.iops / GP3_RATIO)} GiB or more")


def tight_autoscaling(settings: Settings) -> Iterator[Finding]:
    """Advice: below 1.26 times the size RDS may be refused its step of growth."""
    asked = settings.rds.storage
    good = ceil(round(asked.size * GOOD_ROOM, 6))
    if settings.rds.topology == "instance" and asked.max and asked.size * LEAST_ROOM <= asked.max < good:
        yield Finding(
            ("rds", "storage", "max"),
            f"is {asked.max}, so close to size that one step of growth may not fit; {good} or more is better",
        )


def no_autoscaling(settings: Settings) -> Iterator[Finding]:
    """Advice: a full disk stops the database."""
    if settings.rds.topology == "instance" and settings.rds.storage.max == 0:
        yield Finding(("rds", "storage", "max"), "is 0: nothing grows by itself, and a full disk stops the database")


def growth_problem(old: int, new: int) -> str | None:
    """Why a change of the allocated storage is refused, as a sentence; None when it is not."""
    least = ceil(round(old * LEAST_GROWTH, 6))
    if new < old:
        return (
            f"found {new} GiB; it is {old} now and storage never shrinks; keep {old}, or move the data to a new"
            " database"
        )
    if old < new < least:
        return f"found {new} GiB; it is {old} now and grows by 10 % or more at a time; take {least} or more"
    return None


RULES = (storage,)
ADVICE = (tight_autoscaling, no_autoscaling)
