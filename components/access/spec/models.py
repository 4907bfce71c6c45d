"""A whole access spec."""

from __future__ import annotations

from functools import cached_property

from components.access.spec.databases import Database, Profile
from components.access.spec.fields import (
    Flag,
    Grantee,
    Name,
    OrNothing,
    ParameterPrivileges,
    Part,
    SettingName,
    TablespacePrivileges,
    field,
)
from components.access.spec.pairs import expanded, pair_of, previous
from components.access.spec.roles import Role, RoleMap, Scope, ServiceMap, VersionOfLanguage


class Spec(Part):
    """Who may do what in which databases. Made by `load`, which also checks that every name it uses is declared."""

    version: VersionOfLanguage = field(..., "Of the language: 1.")
    harden: Flag = field(
        False,
        "PUBLIC loses CONNECT and TEMPORARY on the databases, CREATE on schema public, and EXECUTE on functions "
        "unless granted by name.",
    )
    scope: Scope = field(Scope.model_construct(), "Whom and how strictly the spec rules.")
    roles: RoleMap = field({}, "Roles by name.")
    services: ServiceMap = field({}, "Logins of services: a role and its profile on its own schema, in one line.")
    profiles: dict[Name, OrNothing[Profile]] = field({}, "Rights with a name.")
    databases: dict[Name, Database] = field({}, "Databases by name.")
    parameters: dict[SettingName, dict[Grantee, ParameterPrivileges]] | None = field(
        None, "Server parameter -> role -> set, alter system (PostgreSQL 15 and newer). Absent: left alone."
    )
    tablespaces: dict[Name, dict[Grantee, TablespacePrivileges]] | None = field(
        None, "Tablespace -> role -> create. Absent: left alone."
    )

    @cached_property
    def every_role(self) -> dict[str, Role]:
        """Roles and services that shall be there, and the two logins of each that rotates a and b."""
        found: dict[str, Role] = {}
        for name, role in {**self.roles, **self.services}.items():
            if role.retire is None:
                found |= {name: role} if pair_of(role) is None else expanded(name, role)
        return found

    @cached_property
    def previous_logins(self) -> frozenset[str]:
        """Logins that are not handed out any longer, though some may still work."""
        everyone = {**self.roles, **self.services}.items()
        return frozenset(previous(name, pair) for name, role in everyone if (pair := pair_of(role)))

    @property
    def retired(self) -> dict[str, str]:
        """Roles that shall be gone -> who gets what they own."""
        return {name: role.retire.to for name, role in self.roles.items() if role.retire}
