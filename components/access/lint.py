"""What a plan must not leave behind: checks on the planned state that stop it unless the spec says why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from components.access import lint_roles, lint_tenants
from components.access.desired import Desired
from components.access.lint_planned import Finding, Planned
from components.access.model import PUBLIC, RELATIONS, Access, Facts, Object
from components.access.spec.models import Spec


class Told(NamedTuple):
    """A finding: the lint, the object as `lint.allow` calls it, and what is wrong with it."""

    lint: str
    item: str
    told: str


_SETTING = re.compile(r"current_setting\s*\(", re.IGNORECASE)
_SAFE_SETTING = re.compile(
    r"nullif\s*\(\s*(pg_catalog\.)?current_setting\s*\(\s*'[^']*'\s*,\s*true\s*\)\s*,\s*''\s*\)", re.IGNORECASE
)


def lint(spec: Spec, name: str, wanted: Desired, actual: Access, facts: Facts) -> tuple[str, ...]:
    """Every finding that the database's `lint.allow` does not except, as a sentence."""
    given: Mapping[Any, Mapping[str, str]] = spec.databases[name].lint.allow
    allowed = {called: {_bare(item) for item in given.get(called, ())} for called in LINTS}
    return tuple(
        f"lint {one.lint}: {one.told} (or allow it with a reason: lint.allow.{one.lint})"
        for one in findings(spec, name, wanted, actual, facts)
        if _bare(one.item) not in allowed[one.lint]
    )


def findings(spec: Spec, name: str, wanted: Desired, actual: Access, facts: Facts) -> Iterator[Told]:
    """Everything that a lint finds, excepted or not, in order."""
    planned = Planned(spec=spec, database=spec.databases[name], wanted=wanted, actual=actual, facts=facts)
    for called, check in LINTS.items():
        for item, told in sorted(set(check(planned))):
            yield Told(called, item, told)


def advice(spec: Spec, name: str, wanted: Desired, actual: Access, facts: Facts) -> tuple[str, ...]:
    """What is worth a look and stops nothing, less what `lint.allow` answers."""
    planned = Planned(spec=spec, database=spec.databases[name], wanted=wanted, actual=actual, facts=facts)
    given: Mapping[Any, Mapping[str, str]] = spec.databases[name].lint.allow
    return tuple(
        f"lint {called}: {told}"
        for called, check in ADVICE.items()
        for item, told in sorted(set(check(planned)))
        if _bare(item) not in {_bare(one) for one in given.get(called, ())}
    )


def _bare(item: str) -> str:
    return item.replace(" ", "")


def _off_with_column(planned: Planned) -> Iterator[Finding]:
    """A table with the tenant column that a tenant's role reads without row policies."""
    tenant = planned.database.rls.tenant if planned.database.rls else None
    for table, relation in planned.facts.relations.items():
        if tenant is None or tenant.column not in relation.columns or str(table) in tenant.exempt:
            continue
        if table in planned.wanted.access.security:
            continue
        tenants = planned.wanted.scope.roles(tenant.to)
        readers = [role for role in planned.reachable(Object("table", *table)) if role in tenants]
        if readers:
            yield str(table), f"table {table} has {tenant.column} and no row policies, and {readers[0]} may use it"


def _owner_blind(planned: Planned) -> Iterator[Finding]:
    """FORCE without a policy for the owner: migrations and the owner's functions would see no row."""
    for table, policies in planned.wanted.access.policies.items():
        owner = planned.owner(table)
        seeing = {role for policy in policies.values() if policy.permissive for role in policy.roles}
        if not seeing & {owner, PUBLIC, *planned.groups(owner)} and owner not in planned.bypass():
            yield str(table), f"{owner} owns table {table} and will see none of its rows; give it see_all"


def _becomes_owner(planned: Planned) -> Iterator[Finding]:
    """A tenant's role that can become a role for which row policies do not hold."""
    rls = planned.database.rls
    tenants = set(planned.wanted.scope.roles(rls.tenant.to)) if rls and rls.tenant else set()
    # The administrator of a server without superusers is a member of every role that it made, and no tenant's login.
    known = {*planned.spec.every_role, *planned.facts.members} - {planned.facts.server.me}
    tenants |= {role for role in known if planned.groups(role) & tenants}
    above = {planned.owner(table) for table in planned.wanted.row_security.tenant_tables} | planned.bypass()
    for role in tenants:
        for other in sorted(above & {role, *planned.groups(role)}):
            yield role, f"{role} works on one tenant's rows and is or can become {other}, whom row policies do not bind"


def _bare_setting(planned: Planned) -> Iterator[Finding]:
    """current_setting() that fails without the setting, or on the '' that a pooled session is left with."""
    for table, policies in planned.wanted.access.policies.items():
        for policy in policies.values():
            for source in (policy.using_source, policy.check_source):
                if source and _SETTING.search(_SAFE_SETTING.sub("", source)):
                    yield (
                        str(table),
                        f"row policy {policy.name} of {table} reads a setting that may be unset or ''; "
                        "name it under rls.context and write :name",
                    )


def _definer_view(planned: Planned) -> Iterator[Finding]:
    """A view that reads a table past its row policies."""
    for view, tables in planned.facts.definer_views.items():
        behind = sorted(tables & planned.wanted.access.security.keys())
        if behind and planned.inside(view) and (readers := planned.reachable(view)):
            yield (
                str(view),
                f"view {view} shows {readers[0]} rows of {behind[0]} past its row policies; make it security_invoker",
            )


def _definer_function(planned: Planned) -> Iterator[Finding]:
    """A function that may read tables past their row policies."""
    for item, routine in planned.facts.routines.items():
        callers = planned.reachable(item)
        if planned.wanted.access.security and planned.inside(item) and callers:
            yield str(item), f"function {item} runs for {callers[0]} with the rights of {routine.owner}"


def _search_path(planned: Planned) -> Iterator[Finding]:
    """A definer function whose names a caller can bend."""
    for item, routine in planned.facts.routines.items():
        if planned.inside(item) and not any(one.startswith("search_path=") for one in routine.settings):
            yield (
                str(item),
                f"function {item} is SECURITY DEFINER without SET search_path: a caller's objects would be run",
            )


def _to_public(planned: Planned) -> Iterator[Finding]:
    """Tables that everybody may use."""
    distinct = set(planned.wanted.access.acls.values())
    open_to_all = {acl for acl in distinct if any(one.grantee == PUBLIC for one in acl)}
    for item, acl in planned.wanted.access.acls.items():
        if item.kind in RELATIONS and acl in open_to_all:
            yield str(item), f"everybody (PUBLIC) may use {item.kind} {item}"
    for place, acl in planned.wanted.access.defaults.items():
        if place.kind == "tables" and any(one.grantee == PUBLIC for one in acl):
            yield place.schema, f"everybody (PUBLIC) may use the tables that {place.creator} will make"


def _partition(planned: Planned) -> Iterator[Finding]:
    """A partition that may be read directly, where its parent's row policies are not asked."""
    for table, relation in planned.facts.relations.items():
        parent = relation.partition_of
        if parent in planned.wanted.access.security and table not in planned.wanted.access.security:
            for reader in planned.reachable(Object("table", *table))[:1]:
                yield str(table), f"{reader} may use partition {table} directly, past the row policies of {parent}"


def _index(planned: Planned) -> Iterator[Finding]:
    """A tenant column that every query has to search without an index."""
    tenant = planned.database.rls.tenant if planned.database.rls else None
    for table in planned.wanted.row_security.tenant_tables:
        if tenant and tenant.column not in planned.facts.relations[table].indexed:
            yield (
                str(table),
                f"no index of table {table} begins with {tenant.column}: each query reads every tenant's rows",
            )


LINTS: Mapping[str, Callable[[Planned], Iterator[Finding]]] = {
    "rls-off-with-tenant-column": _off_with_column,
    "owner-blind": _owner_blind,
    "tenant-becomes-owner": _becomes_owner,
    "bare-current-setting": _bare_setting,
    "definer-view": _definer_view,
    "definer-function": _definer_function,
    "definer-search-path": _search_path,
    "grant-to-public": _to_public,
    "partition-granted": _partition,
    "tenant-index": _index,
    **lint_roles.LINTS,
    **lint_tenants.LINTS,
}
# Told with the plan, and stop nothing.
ADVICE: Mapping[str, Callable[[Planned], Iterator[Finding]]] = lint_roles.ADVICE
