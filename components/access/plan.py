"""Turns what there is into what there should be: pure, sorted throughout, equal inputs give equal plans."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from components.access import extensions, grants, handed_on, memberships, policy_changes, powers, retire, statements
from components.access.desired import Desired
from components.access.model import Access, Cluster, Facts, Object, Phase, Plan, Role, Server, SettingsOf, Statement
from components.access.roles import Wanted


def plan_database(wanted: Desired, actual: Access, facts: Facts) -> Plan:
    """One database, in an order the server accepts.

    Schemas before the extensions that go into them; defaults before the scripts whose objects they are for; row
    policies before the grants that let anybody in.
    """
    security, notes = policy_changes.changes(wanted, actual)
    found = (
        *_structure(wanted.access, actual),
        *extensions.changes(wanted.access.extensions, actual.extensions),
        *grants.default_changes(wanted.access, actual),
        *security,
        *grants.changes(wanted.access, actual, facts),
    )
    return Plan(
        statements=found,
        notes=(*wanted.notes, *notes),
        pending=wanted.pending,
        problems=(
            *wanted.problems,
            *handed_on.problems(wanted.access, actual),
            *powers.blocked(found, facts.server, wanted.held),
            *_not_ours(wanted, actual, facts),
        ),
        curable=wanted.curable,
    )


def plan_cluster(wanted: Wanted, actual: Cluster, server: Server) -> Plan:
    """Roles, memberships, settings and databases.

    Roles exist before they are granted to, owners before their databases, databases before what is set in them.
    """
    found = (
        *_roles(wanted, actual),
        *(statements.join(role, server) for role in wanted.joins),
        *memberships.changes(wanted.cluster.memberships, actual.memberships, wanted.revocable, server),
        *_settings(wanted.cluster.settings, actual.settings, in_database=False),
        *_databases(wanted, actual),
        *_settings(wanted.cluster.settings, actual.settings, in_database=True),
        *_outside(wanted.cluster.outside, actual.outside, server),
        *retire.changes(wanted.retired, actual.retiring),
    )
    new = wanted.cluster.roles.keys() - actual.roles.keys()
    changed = [role for name, role in wanted.cluster.roles.items() if actual.roles.get(name) != role]
    return Plan(
        statements=found,
        notes=wanted.notes,
        pending=wanted.pending,
        problems=(
            *wanted.problems,
            *handed_on.problems(wanted.cluster.outside, actual.outside),
            *retire.problems(actual.retiring),
            *powers.forbidden(changed, server),
            *powers.blocked(found, server, {*new, *wanted.joins}),
        ),
    )


def _not_ours(wanted: Desired, actual: Access, facts: Facts) -> Iterator[str]:
    """Row security of tables that the login in use has no rights of the owner of."""
    able = facts.server.powers
    for table, security in sorted(wanted.access.security.items()) if able else ():
        owner = actual.owners.get(Object("table", *table), "")
        same = (security, wanted.access.policies.get(table)) == (actual.security.get(table), actual.policies.get(table))
        if able and owner and not same and owner not in able.uses | wanted.held:
            yield f"row security of table {table}: {facts.server.me} is no superuser and needs the rights of {owner}"


def _structure(wanted: Access, actual: Access) -> Iterator[Statement]:
    for item in sorted(wanted.owners):
        owner, present = wanted.owners[item], actual.owners.get(item)
        if item.kind == "database":
            if present is not None and present != owner:
                yield statements.alter_database_owner(item.name, owner, present)
        elif present is None:
            yield statements.create_schema(item.name, owner)
        elif present != owner:
            yield statements.alter_schema_owner(item.name, owner, present)


def _roles(wanted: Wanted, actual: Cluster) -> Iterator[Statement]:
    for name in sorted(wanted.cluster.roles):
        role = wanted.cluster.roles[name]
        before = actual.roles.get(name)
        verifier = wanted.verifiers.get(name)
        if before is None:
            yield statements.create_role(role, verifier)
        elif _attributes(before) != _attributes(role):
            yield statements.alter_role(before, role, verifier)
        if role.comment != (before.comment if before else None):
            yield statements.comment_on_role(role)


def _attributes(role: Role) -> tuple[object, ...]:
    return tuple(value for name, value in vars(role).items() if name != "comment")


def _settings(
    wanted: Mapping[SettingsOf, Mapping[str, str]],
    actual: Mapping[SettingsOf, Mapping[str, str]],
    *,
    in_database: bool,
) -> Iterator[Statement]:
    for of in sorted(wanted):
        if bool(of.database) is not in_database:
            continue
        present = {name.lower(): value for name, value in actual.get(of, {}).items()}
        for name, value in sorted(wanted[of].items()):
            before = present.pop(name.lower(), None)
            if before is None or not _same(name, before, value):
                yield statements.set_setting(of, name, value)
        for name in sorted(present):
            yield statements.reset_setting(of, name)


def _same(name: str, before: str, after: str) -> bool:
    if name.lower() in statements.LIST_SETTINGS:
        return statements.list_items(before) == statements.list_items(after)
    return before == after


def _outside(wanted: Access, actual: Access, server: Server) -> Iterator[Statement]:
    """Rights on parameters and tablespaces."""
    for statement in grants.changes(wanted, actual, Facts(server=server)):
        yield dataclasses.replace(statement, phase=Phase.DEFAULTS)


def _databases(wanted: Wanted, actual: Cluster) -> Iterator[Statement]:
    for name in sorted(wanted.owners.keys() - actual.databases):
        yield statements.create_database(name, wanted.owners[name])
    for name in sorted(wanted.owners.keys() - actual.databases):
        if wanted.harden:
            yield statements.close_database(name)
