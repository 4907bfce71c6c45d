"""Rights on what lies outside schemas: languages, foreign data, large objects; parameters and tablespaces.

A kind that the spec says nothing of is left alone; of a kind that it names, it rules every object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from components.access.lines import acl
from components.access.model import NO_RIGHTS, Access, Acl, Object, Server
from components.access.scope import Scope
from components.access.spec.databases import Database
from components.access.spec.models import Spec

Given = Mapping[str, Mapping[str, tuple[str, ...]]]  # object -> role or glob -> privileges

# Key of the spec -> kind of object, and what ALL stands for.
IN_DATABASE = {
    "languages": ("language", ("USAGE",)),
    "foreign_data_wrappers": ("foreign data wrapper", ("USAGE",)),
    "foreign_servers": ("foreign server", ("USAGE",)),
    "large_objects": ("large object", ("SELECT", "UPDATE")),
}
ON_SERVER = {"parameters": ("parameter", ("SET", "ALTER SYSTEM")), "tablespaces": ("tablespace", ("CREATE",))}
FIRST_WITH_PARAMETERS = 15


@dataclass(kw_only=True)
class ServerRights:
    """What was worked out."""

    acls: dict[Object, Acl] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def named(database: Database) -> list[str]:
    """The objects that the spec names, as the read of a database takes them: also an extension's, and large ones."""
    return [f"{kind}/{name}" for key, (kind, _) in IN_DATABASE.items() for name in (getattr(database, key) or ())]


def in_database(database: Database, scope: Scope, actual: Access) -> ServerRights:
    """Of one database."""
    found = ServerRights()
    for key, (kind, everything) in IN_DATABASE.items():
        _of_kind(getattr(database, key), kind, everything, scope, actual, found)
    return found


def on_server(spec: Spec, scope: Scope, actual: Access) -> ServerRights:
    """Of the whole server. A parameter without rights is in no catalog, but is there all the same."""
    found = ServerRights()
    for key, (kind, everything) in ON_SERVER.items():
        _of_kind(getattr(spec, key), kind, everything, scope, actual, found)
    return found


def problems(spec: Spec, server: Server) -> Iterable[str]:
    """What this major has not."""
    if spec.parameters and server.major < FIRST_WITH_PARAMETERS:
        yield f"rights on parameters came with PostgreSQL 15, this server is {server.major}; leave `parameters` out"


def _of_kind(
    given: Given | None, kind: str, everything: tuple[str, ...], scope: Scope, actual: Access, found: ServerRights
) -> None:
    there = [item for item in actual.acls if item.kind == kind]
    if given is None:
        found.notes += [told for item in there for told in _left(item, actual.acls[item], scope)]
        return
    names = {item.name for item in there}
    if kind == "parameter":
        given = {name.lower(): by_role for name, by_role in given.items()}
        there += [Object(kind, "", name) for name in sorted(given.keys() - names)]
    else:
        missing = sorted(given.keys() - names)
        found.pending += [f"{kind} {name} is not there yet; its rights wait for it" for name in missing]
    for item in there:
        by_role = scope.expanded(given.get(item.name, {}))
        declared = {role: _words(words, everything) for role, words in by_role.items()}
        present = actual.acls.get(item, NO_RIGHTS)
        public = scope.harden and item.name in given
        wanted = acl(declared, actual.owners.get(item, ""))
        found.acls[item] = scope.settled(wanted, present, scope.mode, public=public)


def _left(item: Object, present: Acl, scope: Scope) -> Iterator[str]:
    roles = sorted({one.grantee for one in present if scope.covers(one.grantee)})
    if roles:
        yield f"{', '.join(roles)} hold rights on {item.kind} {item}, of which the spec says nothing; left alone"


def _words(given: Iterable[str], everything: tuple[str, ...]) -> frozenset[str]:
    return frozenset(one for word in given for one in (everything if word == "all" else (word.upper(),)))
