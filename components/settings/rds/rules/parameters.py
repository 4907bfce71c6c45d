"""Server parameters as RDS's parameter groups take them, and the extensions that RDS has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from components.settings.catalogue import catalogue
from components.settings.catalogue.rds import engine
from components.settings.catalogue.rds_parameters import (
    absent_extensions,
    added,
    extensions,
    has_prefix,
    is_fixed,
    parameter,
    preloadable,
)
from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.nearest import nearest
from components.settings.owned import OWNED
from components.settings.parameters import CONTROL, NAME, limit_problem, value_problem
from components.settings.rds.replicas import replicas

FORMULA = re.compile(r"(LEAST|GREATEST|SUM)\(.*\)|\{.*\}")
PRELOAD = "shared_preload_libraries"
RDS_SETS = "cannot be set: RDS sets it and lets nobody change it; remove it"
# What the platform sets on RDS and a stack may not weaken.
KEPT: Mapping[str, tuple[str, str]] = {
    "rds.force_ssl": ("on", "every connection uses TLS"),
    "rds.accepted_password_auth_method": ("scram", "logins are SCRAM only"),
}
SIZED_BY_RDS = ("max_connections", "shared_buffers")
ELSEWHERE = "embedded and kubernetes"


def parameters(settings: Settings) -> Iterator[Finding]:
    """The stack's, then those of single replicas."""
    for name, message in problems(settings.parameters, settings):
        yield Finding(("parameters", name), message)
    for index, replica in enumerate(replicas(settings)):
        for name, message in problems(replica.parameters, settings):
            yield Finding(("rds", "replicas", str(index), "parameters", name), message)


def problems(given: Mapping[str, str], settings: Settings) -> Iterator[tuple[str, str]]:
    """(name, sentence) for each parameter that RDS or the platform would refuse."""
    seen: dict[str, str] = {}
    for name, value in given.items():
        message = _problem(name, value, settings)
        if message is None and (twin := seen.get(name.lower())):
            message = f"is the same parameter as {twin}; keep one of the two"
        seen.setdefault(name.lower(), name)
        if message:
            yield name, message


def _problem(name: str, value: str, settings: Settings) -> str | None:
    folded = name.lower()
    if folded == "wal_level":
        return "cannot be set on RDS; set rds.logical_replication to on instead, or remove it"
    if is_fixed(folded):
        return RDS_SETS
    if reason := OWNED.get(folded):
        theirs = "Patroni" in reason or "the platform's backups" in reason
        return RDS_SETS if theirs else f"cannot be set: {reason}; remove it"
    if CONTROL.search(value):
        return "its value holds a control character; write it without"
    if not NAME.fullmatch(name):
        return "is no parameter name; allowed are letters, digits and underscores, with dots for an extension's"
    known = parameter(folded, settings.known_major, engine(settings.rds.topology))
    if known is None:
        return None if has_prefix(folded) else _unknown(folded, settings)
    if folded == PRELOAD:
        return _preload(value)
    if known.kind in ("integer", "real") and FORMULA.fullmatch(value):
        return None  # counted by RDS from the class, such as {DBInstanceClassMemory/32768}
    zero_loss = settings.durability == "zero-loss"
    return (
        value_problem(known, value)
        or _weakened(folded, value)
        or limit_problem(known, value, zero_loss=zero_loss, floors=False)
    )


def _unknown(name: str, settings: Settings) -> str:
    own = added(settings.known_major, engine(settings.rds.topology))
    known = {**catalogue(settings.known_major).parameters, **own}
    like = nearest(name, known)
    meant = f"; did you mean {like}?" if like else ""
    family = f"{'aurora-postgresql' if settings.rds.topology == 'aurora' else 'postgres'}{settings.known_major}"
    if "." in name and not like and not name.startswith("rds."):
        return f"RDS's parameter groups of {family} have none of that name; set it for a role in its access spec"
    return f"RDS's parameter groups of {family} have no such parameter{meant}"


def _weakened(name: str, value: str) -> str | None:
    kept = KEPT.get(name)
    if kept is None or value.lower() in (kept[0], "1" if kept[0] == "on" else kept[0]):
        return None
    return f"found {value!r}; allowed is {kept[0]}: {kept[1]}"


def _preload(value: str) -> str | None:
    absent = sorted({library.strip() for library in value.split(",")} - {""} - preloadable())
    if not absent:
        return None
    return f"found {', '.join(absent)}; RDS can preload {', '.join(sorted(preloadable()))} only"


def sized_by_rds(settings: Settings) -> Iterator[Finding]:
    """Advice: with too much of them the instance does not start."""
    for name, value in settings.parameters.items():
        if name.lower() in SIZED_BY_RDS and not FORMULA.fullmatch(value):
            yield Finding(
                ("parameters", name),
                f"is {value}; RDS sizes it by the class, and with too much the instance does not start; better"
                " leave it out",
            )


def extension_problems(asked: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, str]]:
    """(name, sentence) for each extension that RDS does not have and the specs do not call optional.

    `asked` are names with whether they are optional. An extension that neither list knows passes: AWS adds to them,
    and CREATE EXTENSION tells.
    """
    for name, optional in asked:
        if name in absent_extensions() and not optional:
            yield (
                name,
                f"Amazon RDS has no {name}; the platforms {ELSEWHERE} have it where the server's packages do; use"
                " one of"
                " them, remove it, or mark it optional: true",
            )
        elif name == "auto_explain":
            yield name, "is a library without CREATE EXTENSION; put it into parameters.shared_preload_libraries"


def unlisted_extensions(asked: Iterable[str], major: int) -> list[str]:
    """Advice: names that are in neither list, so that only AWS knows."""
    return sorted(set(asked) - extensions(major) - absent_extensions() - {"auto_explain"})


def given_extensions(asked: Iterable[str]) -> frozenset[str]:
    """Those of the specs' extensions that RDS can give: what is absent and optional is left out."""
    return frozenset(asked) - absent_extensions()


RULES = (parameters,)
ADVICE = (sized_by_rds,)
