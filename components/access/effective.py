"""What a role may really do, and by which path: memberships, grants, ownership, PUBLIC, predefined roles. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

from components.access.model import PUBLIC, RELATIONS, Access, Grant, Object

DATABASE_OWNER = "pg_database_owner"
_EVERYWHERE = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
PRIVILEGES: Mapping[str, tuple[str, ...]] = {
    "database": ("CONNECT", "TEMPORARY", "CREATE"),
    "schema": ("USAGE", "CREATE"),
    "sequence": ("USAGE", "SELECT", "UPDATE"),
    "routine": ("EXECUTE",),
    "type": ("USAGE",),
    "column": ("SELECT", "INSERT", "UPDATE", "REFERENCES"),
    "language": ("USAGE",),
    "foreign data wrapper": ("USAGE",),
    "foreign server": ("USAGE",),
    "large object": ("SELECT", "UPDATE"),
    **dict.fromkeys(RELATIONS, _EVERYWHERE),
}
MAINTAIN = "MAINTAIN"  # of relations, since PostgreSQL 17
# What the server's own roles may do with every relation and schema.
_READ, _WRITE, _MAINTAIN = "pg_read_all_data", "pg_write_all_data", "pg_maintain"
_DATA = {"SELECT": _READ, "INSERT": _WRITE, "UPDATE": _WRITE, "DELETE": _WRITE, MAINTAIN: _MAINTAIN}


class Edge(NamedTuple):
    """One membership, by one grantor."""

    role: str
    member: str
    inherit: bool
    set: bool
    grantor: str

    def __str__(self) -> str:
        ways = [way for way, may in (("inherits its rights", self.inherit), ("may SET ROLE to it", self.set)) if may]
        return f"{self.member} is a member of {self.role} ({', '.join(ways) or 'neither way'}; by {self.grantor})"


Path = tuple[Edge, ...]


class Person(NamedTuple):
    """A role, as far as rights go."""

    superuser: bool = False
    bypassrls: bool = False
    login: bool = False


class Reason(NamedTuple):
    """Why a role has a privilege: the memberships on the way, and what is at their end."""

    path: Path
    end: str

    def __str__(self) -> str:
        return "; ".join([*map(str, self.path), self.end])


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Who there is, and one database. Answers are kept: equal ACLs are asked about once a role."""

    people: Mapping[str, Person]
    edges: tuple[Edge, ...]
    access: Access
    major: int = 15
    _known: dict[tuple[str, ...], dict[str, Path]] = field(default_factory=dict)

    @cached_property
    def _groups(self) -> dict[str, list[Edge]]:
        owner = self.access.owners.get(Object("database", "", self.access.database))
        implied = [Edge(DATABASE_OWNER, owner, True, False, "the server")] if owner else []
        found: dict[str, list[Edge]] = {}
        for edge in sorted((*self.edges, *implied)):
            found.setdefault(edge.member, []).append(edge)
        return found

    def inherited(self, role: str) -> Mapping[str, Path]:
        """The roles whose rights a role has without SET ROLE, itself first, each by its shortest path."""
        return self._walk(role, "inherit")

    def settable(self, role: str) -> Mapping[str, Path]:
        """The roles that a role may SET ROLE to."""
        return self._walk(role, "set")

    def _walk(self, role: str, way: str) -> Mapping[str, Path]:
        if (role, way) not in self._known:
            found: dict[str, Path] = {role: ()}
            waiting = [role]
            for here in waiting:
                for edge in self._groups.get(here, ()):
                    if getattr(edge, way) and edge.role not in found:
                        found[edge.role] = (*found[here], edge)
                        waiting.append(edge.role)
            self._known[role, way] = found
        return self._known[role, way]

    def privileges(self, item: Object) -> tuple[str, ...]:
        """Those that there are on an object."""
        maintain = (MAINTAIN,) if item.kind in RELATIONS and self.major >= 17 else ()
        return (*PRIVILEGES[item.kind], *maintain)

    def reasons(self, role: str, item: Object, privilege: str) -> list[Reason]:
        """Every way by which a role has a privilege on an object; none: it has not."""
        return list(self._reasons(role, item, privilege))

    def _reasons(self, role: str, item: Object, privilege: str) -> Iterator[Reason]:
        if self.people[role].superuser:
            yield Reason((), f"{role} is a superuser, whom no right binds")
        reach = self.inherited(role)
        table = _table(item, self.access)
        for place in (item, table) if table else (item,):
            yield from self._granted(reach, place, privilege)
        owner = self.access.owners.get(table or item, "")
        if owner in reach:
            yield Reason(reach[owner], f"{owner} owns {table or item}")
        predefined = _predefined(item, privilege)
        for group in predefined:
            if group in reach:
                yield Reason(reach[group], f"{group} may {privilege} everywhere")

    def _granted(self, reach: Mapping[str, Path], item: Object, privilege: str) -> Iterator[Reason]:
        owner = self.access.owners.get(item, "the owner")
        for one in sorted(self.access.acls.get(item, ())):
            if one.privilege == privilege and (one.grantee in reach or one.grantee == PUBLIC):
                yield Reason(reach.get(one.grantee, ()), _said(one, item, one.grantor or owner))

    def shut(self, role: str, item: Object) -> list[str]:
        """What keeps a role from the object whatever its rights on it: no way into its schema or database."""
        found: list[str] = []
        if item.schema and not self.reasons(role, Object("schema", "", item.schema), "USAGE"):
            found.append(f"{role} has no USAGE on schema {item.schema}")
        database = Object("database", "", self.access.database)
        if item.kind != "database" and self.people[role].login and not self.reasons(role, database, "CONNECT"):
            found.append(f"{role} has no CONNECT on database {self.access.database}")
        return found


def _said(one: Grant, item: Object, grantor: str) -> str:
    who = "everybody (PUBLIC)" if one.grantee == PUBLIC else one.grantee
    passes = ", and may pass it on" if one.grantable else ""
    return f"{who} was granted {one.privilege} on {item} by {grantor}{passes}"


def _table(item: Object, access: Access) -> Object | None:
    """The table of a column."""
    if item.kind != "column":
        return None
    for kind in sorted(RELATIONS):
        place = Object(kind, item.schema, item.name)
        if place in access.owners:
            return place
    return None


def _predefined(item: Object, privilege: str) -> tuple[str, ...]:
    if item.kind == "schema":
        return (_READ, _WRITE) if privilege == "USAGE" else ()
    if item.kind == "sequence" and privilege == "USAGE":
        return ()
    if item.kind in RELATIONS or item.kind in ("column", "sequence"):
        return (_DATA[privilege],) if privilege in _DATA else ()
    return ()


@lru_cache(maxsize=1)
def every_privilege() -> frozenset[str]:
    """The words that PRIVILEGE may be."""
    return frozenset(word for words in PRIVILEGES.values() for word in words) | {MAINTAIN}
