"""What is wrong with `auth` of a role, beyond what each value says by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.access.spec.auth import Way
from components.access.spec.roles import Role
from components.access.spec.tree import Path
from components.access.spec.wording import unknown

if TYPE_CHECKING:
    from components.access.spec.models import Spec

Finding = tuple[Path, str]
MAINTENANCE = "postgres"  # a database that no spec has to declare


def wrong(spec: Spec, path: Path, role: Role) -> Iterator[Finding]:
    """Of a role that says `auth`; `path` is the role's."""
    ways = role.auth or ()
    if not role.login:
        yield (*path, "auth"), "says how it logs in, but it cannot; add login: true or leave auth out"
    if not ways:
        yield (*path, "auth"), "is an empty list; take login away from a role that shall not get in"
    has_password = role.password is not None or role.keep_password
    by = {way.by for way in ways}
    if role.login and "scram" in by and not has_password:
        yield (*path, "auth"), "is scram, but the role has no password; give it one, or say cert"
    if "iam" in by and (has_password or len(ways) > 1):
        yield (*path, "auth"), "is iam, which takes the place of every password and other way; keep one of them"
    for index, way in enumerate(ways):
        yield from _databases(spec, (*path, "auth"), index, way)
    yield from _twice((*path, "auth"), ways)


def unfit(name: str) -> str | None:
    """Why a name cannot stand in pg_hba.conf; None when it can."""
    if name.startswith("/"):
        return "begins with /, which pg_hba.conf reads as a regular expression since PostgreSQL 16; rename it"
    if any(ord(character) < 32 for character in name):
        return "holds a control character, which pg_hba.conf cannot; rename it"
    return None


def _databases(spec: Spec, path: Path, index: int, way: Way) -> Iterator[Finding]:
    known = [*spec.databases, MAINTENANCE]
    for place, name in enumerate(way.databases):
        if name not in known:
            yield (*path, index, "databases", place), unknown("database", name, known)


def _twice(path: Path, ways: tuple[Way, ...]) -> Iterator[Finding]:
    """Two proofs at one place: PostgreSQL asks for the first that it finds and never for the other."""
    for index, way in enumerate(ways):
        for earlier in ways[:index]:
            here = not way.databases or not earlier.databases or set(way.databases) & set(earlier.databases)
            # A narrower network may have a proof of its own: its line comes first.
            if way.by != earlier.by and here and set(way.from_ or [None]) & set(earlier.from_ or [None]):
                yield (
                    (*path, index),
                    f"is {way.by} where {earlier.by} holds already (same networks and databases), and only one is ever "
                    "asked for; give them different networks or databases",
                )
