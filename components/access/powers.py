"""What the login in use may do where it is no superuser: asked of the server, never guessed from a product's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from components.access.model import Role, Server, Statement
    from components.access.spec.models import Spec


class Need(NamedTuple):
    """What a statement takes: to create roles or databases, to alter or grant a role, to use or become a role."""

    what: Literal["create role", "create database", "administer", "use", "become"]
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class Powers:
    """Of a login that is no superuser. `uses`: whose rights it has at once; `becomes`: to whom it may SET ROLE."""

    createrole: bool = False
    createdb: bool = False
    replication: bool = False
    bypassrls: bool = False
    uses: frozenset[str] = frozenset()
    becomes: frozenset[str] = frozenset()
    administers: frozenset[str] = frozenset()
    superusers: frozenset[str] = frozenset()

    def has(self, need: Need, major: int) -> bool:
        """Whether a statement that needs this would be accepted."""
        if need.what == "administer":  # until PostgreSQL 16 CREATEROLE was power over every role but superusers
            old = major < 16 and self.createrole and need.role not in self.superusers
            return old or need.role in self.administers
        return {
            "create role": self.createrole,
            "create database": self.createdb,
            "use": need.role in self.uses,
            "become": need.role in self.becomes,
        }[need.what]


_REMEDY = {
    "create role": "needs CREATEROLE",
    "create database": "needs CREATEDB",
    "administer": "needs ADMIN OPTION on role {role}; who has it can GRANT {role} TO {me} WITH ADMIN OPTION",
    "use": "needs the rights of role {role}, who owns or granted it; do it as {role}, or GRANT {role} TO {me}",
    "become": "needs to SET ROLE to {role}, who granted it; GRANT {role} TO {me}, or take the grant back as {role}",
}


def blocked(statements: Iterable[Statement], server: Server, coming: Iterable[str] = ()) -> Iterator[str]:
    """What would be refused, and what helps. `coming` are roles that the login makes or joins before."""
    powers = server.powers
    if powers is None:
        return
    held = frozenset(coming)
    for statement in statements:
        for need in sorted(set(statement.needs)):
            if need.role not in held and not powers.has(need, server.major):
                remedy = _REMEDY[need.what].format(role=need.role, me=server.me)
                yield f"{server.me} is no superuser and {remedy}, for: {statement.display()}"


def forbidden(roles: Iterable[Role], server: Server) -> Iterator[str]:
    """Attributes that only others may give."""
    powers = server.powers
    if powers is None:
        return
    new = server.major >= 16  # which lets an administrator hand on what it has itself
    may = {
        "superuser": False,
        "replication": new and powers.replication,
        "bypassrls": new and powers.bypassrls,
        "createdb": not new or powers.createdb,
    }
    for role in roles:
        for attribute, allowed in may.items():
            if getattr(role, attribute) and not allowed:
                yield f"role {role.name}: {server.me} may not give {attribute.upper()}; take it out, or use a superuser"


def owning(spec: Spec) -> frozenset[str]:
    """Declared roles that own or create something: whose rights an administrator must have to do its work."""
    found = {database.owner for database in spec.databases.values()}
    for database in spec.databases.values():
        for schema in database.schemas.values():
            found |= {*(schema.creators or ()), *([schema.owner] if schema.owner else ())}
    return frozenset(found & spec.every_role.keys())


def to_join(spec: Spec, server: Server, retiring: Iterable[str]) -> Iterator[str]:
    """The roles that the login in use must still be made a member of: who owns, who gives and who gets."""
    if server.powers is not None:
        heirs = {role: spec.retired[role] for role in retiring}
        needed = owning(spec) | heirs.keys() | set(heirs.values())
        yield from sorted(needed - (server.powers.uses & server.powers.becomes))
