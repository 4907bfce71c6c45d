"""The URLs with which each login reaches each database that it may connect to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from components.access.spec.models import Spec
from components.access.spec.names import PUBLIC, is_glob, matched

if TYPE_CHECKING:
    from components.contract import Server


def urls(spec: Spec, server: Server, passwords: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A record for each login with a password (`passwords` by role) and each database that lets it in."""
    from components.contract import url  # here, because what only asks who may connect would pay for loading it

    for database in spec.databases:
        for role in sorted(passwords):
            known = role not in spec.previous_logins and may_connect(spec, role, database)
            if known and by_password(spec, role, database):
                yield {
                    "database": database,
                    "role": role,
                    **{
                        name: url(endpoint, user=role, password=passwords[role], database=database, ca=ca)
                        for name, endpoint, ca in (
                            ("pooled", server.pooled, server.pooled_ca or server.ca),
                            ("direct", server.writer, server.ca),
                            ("read_only", server.pooled_reader, server.pooled_ca or server.ca),
                        )
                    },
                }


def by_password(spec: Spec, role: str, database: str) -> bool:
    """Whether its password is a way in there, as `auth` has it."""
    ways = spec.every_role[role].auth
    return ways is None or any(way.by == "scram" and database in (way.databases or [database]) for way in ways)


def may_connect(spec: Spec, role: str, database: str) -> bool:
    """Whether a role holds CONNECT, itself or through a group whose rights it inherits."""
    everyone = spec.every_role
    allowed = {
        name
        for grantee in spec.databases[database].connect
        for name in (matched(grantee, everyone) if is_glob(grantee) else [grantee])
    }
    return PUBLIC in allowed or bool(allowed & with_groups(spec, role))


def with_groups(spec: Spec, role: str) -> set[str]:
    """A role and the roles whose rights it inherits, at any depth."""
    everyone, found, waiting = spec.every_role, set[str](), [role]
    while waiting:
        name = waiting.pop()
        if name not in found and name in everyone:
            found.add(name)
            member = everyone[name]
            waiting += [
                group
                for group, how in member.member_of.items()
                if (member.inherit if how.inherit is None else how.inherit)
            ]
    return found
