"""The spec's lines of rights: for one schema, who may do what by kind of object, and where a narrower line holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from components.access.model import Grant, Object
from components.access.rights import family
from components.access.scope import Scope
from components.access.spec.databases import Rights, Schema
from components.access.spec.models import Spec
from components.access.spec.names import is_glob

Privileges = frozenset[str]
# Families as `rights.family` names them -> the key of a spec's line.
KEYS = {"schema": "schema_", "relation": "tables", "sequence": "sequences", "routine": "functions", "type": "types"}
_ALL: dict[str, Privileges] = {
    "schema": frozenset(("USAGE", "CREATE")),
    "relation": frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")),
    "sequence": frozenset(("USAGE", "SELECT", "UPDATE")),
    "routine": frozenset(("EXECUTE",)),
    "type": frozenset(("USAGE",)),
}


@dataclass(frozen=True, kw_only=True)
class Narrow:
    """What one role may do with single objects: privileges on the whole, and on columns."""

    whole: Privileges
    columns: Mapping[str, Privileges] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """One schema's lines. `broad` maps family to role to privileges; `narrow` family to pattern to role."""

    broad: Mapping[str, Mapping[str, Privileges]]
    narrow: Mapping[str, Mapping[str, Mapping[str, Narrow]]]

    def narrowed(self, item: Object) -> dict[str, Narrow]:
        """The narrower lines that hold for an object: its own name wins over a glob, a later glob over an earlier."""
        lines = self.narrow.get(family(item.kind))
        if not lines:
            return {}
        found: dict[str, Narrow] = {}
        for exact in (False, True):
            for pattern, by_role in lines.items():
                if is_glob(pattern) is not exact and _names(pattern, item):
                    found |= by_role
        return found

    def unused(self, items: Iterable[Object]) -> Iterator[tuple[str, str]]:
        """Families and names of narrower lines for objects that are not there."""
        there = list(items)
        for kind, lines in self.narrow.items():
            for pattern in lines:
                if not any(family(item.kind) == kind and _names(pattern, item) for item in there):
                    yield kind, pattern


def lines(spec: Spec, scope: Scope, name: str, schema: Schema, major: int) -> Lines:
    """What the spec says of schema `name`."""
    access = scope.expanded(schema.access)
    services = {role: service for role, service in spec.services.items() if service.schema_ == name}
    named = {line.profile for line in access.values()} | {service.profile for service in services.values()}
    broad: dict[str, dict[str, Privileges]] = {}
    for kind in KEYS:
        of = {profile: _of_profile(spec, profile, kind, major) for profile in named}
        by_role = {role: of[line.profile] | _expanded(_said(line, kind), kind, major) for role, line in access.items()}
        for role, service in services.items():
            by_role[role] = by_role.get(role, frozenset()) | of[service.profile]
        broad[kind] = {role: found for role, found in by_role.items() if found}
    return Lines(broad=broad, narrow=_narrow(scope, schema, major))


def acl(by_role: Mapping[str, Privileges], owner: str) -> frozenset[Grant]:
    """The ACL of an object of `owner`, whose own rights are implied."""
    return frozenset(Grant(role, one) for role, ones in by_role.items() if role != owner for one in ones)


def _of_profile(spec: Spec, profile: str | None, kind: str, major: int) -> Privileges:
    """A profile's own privileges and those of the profiles it extends."""
    given: set[str] = set()
    while profile is not None:
        given.update(_said(spec.profiles[profile], kind))
        profile = spec.profiles[profile].extends
    return _expanded(given, kind, major)


def _said(rights: Rights, kind: str) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(rights, KEYS[kind])
    return found


def _expanded(given: Collection[str], kind: str, major: int) -> Privileges:
    """Privileges as the catalog names them, ALL written out for the server's version."""
    if not given:
        return frozenset()
    found = {word.upper() for word in given}
    if "ALL" in found:
        found |= _ALL[kind] | ({"MAINTAIN"} if kind == "relation" and major >= 17 else set())
    return frozenset(found - {"ALL"})


def _narrow(scope: Scope, schema: Schema, major: int) -> dict[str, dict[str, dict[str, Narrow]]]:
    tables = {
        name: {role: _table_line(columns_by, major) for role, columns_by in scope.expanded(lines_of).items()}
        for name, lines_of in schema.tables.items()
    }
    found: dict[str, dict[str, dict[str, Narrow]]] = {"relation": tables}
    for kind in ("sequence", "routine", "type"):
        found[kind] = {
            name: {role: Narrow(whole=_expanded(given, kind, major)) for role, given in scope.expanded(by_role).items()}
            for name, by_role in getattr(schema, KEYS[kind]).items()
        }
    return found


def _table_line(columns_by: Mapping[Any, tuple[str, ...] | None], major: int) -> Narrow:
    whole = _expanded([word for word, columns in columns_by.items() if columns is None], "relation", major)
    columns: dict[str, set[str]] = {}
    for word, named in columns_by.items():
        for column in named or ():
            if word.upper() not in whole:
                columns.setdefault(column, set()).add(word.upper())
    return Narrow(whole=whole, columns={column: frozenset(words) for column, words in columns.items()})


def _names(pattern: str, item: Object) -> bool:
    if item.kind == "routine" and "(" in pattern:
        plain, _, types = pattern.partition("(")
        wanted = ",".join(word.strip() for word in types.rstrip(")").split(","))
        return plain.strip() == item.name and wanted == item.detail.replace(", ", ",")
    return fnmatchcase(item.name, pattern) if is_glob(pattern) else item.name == pattern
