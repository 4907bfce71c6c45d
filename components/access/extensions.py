"""The extensions that a spec wants, with the versions that this server can give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from components.access import statements
from components.access.model import Access, Available, Extension, Server, Statement
from components.access.spec.databases import Extension as Asked

# Extensions whose CREATE fails unless the server was started with their library.
PRELOADED = {"pg_cron": "pg_cron", "pgaudit": "pgaudit", "timescaledb": "timescaledb", "citus": "citus"}


@dataclass(kw_only=True)
class Extensions:
    """What was worked out: extensions as wanted, in an order that each one's requirements allow."""

    wanted: dict[str, Extension] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def wanted(asked: Mapping[str, Asked], actual: Access, server: Server) -> Extensions:
    """Extensions with exact versions and schemas; what the server cannot have is a problem, or a note if optional."""
    found = Extensions()
    for name, wish in asked.items():
        chosen = _chosen(name, wish, actual, server)
        if isinstance(chosen, Extension):
            found.wanted[name] = chosen
        elif wish.optional:
            found.notes.append(f"extension {name} is left out (it is optional): {chosen}")
        else:
            found.problems.append(f"extension {name}: {chosen}")
    for name in list(found.wanted):
        for needed in _requires(name, server):
            if needed not in found.wanted and needed not in actual.extensions:
                found.problems.append(f"extension {name} requires {needed}; declare that as well")
    found.wanted = {name: found.wanted[name] for name in _ordered(found.wanted, server)}
    return found


def changes(wanted: Mapping[str, Extension], actual: Mapping[str, Extension]) -> Iterator[Statement]:
    """The statements that make the extensions what is wanted."""
    for name, extension in wanted.items():
        present = actual.get(name)
        if present is None:
            yield statements.create_extension(extension)
            continue
        if extension.version != present.version:
            yield statements.update_extension(extension, present.version)
        if extension.schema is not None and extension.schema != present.schema:
            yield statements.move_extension(name, extension.schema, present.schema)


def _chosen(name: str, wish: Asked, actual: Access, server: Server) -> Extension | str:
    """The extension as it will be, or why it cannot."""
    present = actual.extensions.get(name)
    if server.available is None:
        version = "" if wish.version == "*" or wish.version.startswith(">") else wish.version.lstrip("= ")
        return Extension(name=name, version=version, schema=wish.schema_ or "public")
    offered = server.available.get(name)
    if offered is None and present is None:
        return "this server's packages do not have it; install it, use a platform that has it, or mark it optional"
    if present is None and (blocked := _blocked(name, actual.database, server)):
        return blocked
    version_or_none = _version(wish.version, present.version if present else None, offered)
    if version_or_none is None:
        listed = ", ".join(sorted(offered.versions)) if offered else "none"
        return f"version {wish.version} is not to be had here; available: {listed}"
    fixed = offered.versions.get(version_or_none) if offered else None
    if fixed and wish.schema_ and wish.schema_ != fixed:
        return f"goes into schema {fixed} and nowhere else, {wish.schema_} was asked for"
    schema = wish.schema_ or (present.schema if present else fixed or "public")
    return Extension(name=name, version=version_or_none, schema=schema)


def _blocked(name: str, database: str, server: Server) -> str | None:
    library = PRELOADED.get(name)
    if library and server.preloaded is not None and library not in re.split(r"\s*,\s*", server.preloaded):
        return f"needs {library} in shared_preload_libraries, which this server was started without"
    if server.powers is not None and (offered := (server.available or {}).get(name)) and offered.untrusted:
        return f"only a superuser may create it, and {server.me} is none; have it created, or mark it optional"
    if name == "pg_cron" and server.cron_database and server.cron_database != database:
        return f"can only be in database {server.cron_database} (cron.database_name), not in {database}"
    return None


def _version(wish: str, present: str | None, offered: Available | None) -> str | None:
    """The version to have: the present one wherever it will do, so that a mere package update changes nothing."""
    at_least = wish.removeprefix(">=").strip() if wish.startswith(">=") else None
    if wish == "*" or at_least:
        for version in (present, offered.default if offered else None):
            if version and (at_least is None or _parts(version) >= _parts(at_least)):
                return version
        return None
    exact = wish.lstrip("= ")
    return exact if exact == present or (offered and exact in offered.versions) else None


def _parts(version: str) -> list[tuple[int, str]]:
    """1.10 is newer than 1.9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"[._-]", version)]


def _requires(name: str, server: Server) -> tuple[str, ...]:
    offered = (server.available or {}).get(name)
    return offered.requires if offered else ()


def _ordered(names: Mapping[str, Extension], server: Server) -> list[str]:
    """Each after what it requires; else by name."""
    order: list[str] = []

    def add(name: str, above: tuple[str, ...]) -> None:
        if name in order or name in above or name not in names:
            return
        for needed in sorted(_requires(name, server)):
            add(needed, (*above, name))
        order.append(name)

    for name in sorted(names):
        add(name, ())
    return order
