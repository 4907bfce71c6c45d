"""What a server's state means for a spec: reads, and hands what was read to the pure planners."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from components.access import inspect, lint, pooler_verifiers, roles, row_policies, server_rights, twins
from components.access.desired import (
    Desired,
    columned_schemas,
    desired,
    row_security_schemas,
    schemas,
    with_expressions,
)
from components.access.desired import twins as twins_of
from components.access.inspect import Connection
from components.access.model import Access, Cluster, Facts, Plan, Server
from components.access.passwords import Verifier
from components.access.plan import plan_cluster, plan_database
from components.access.spec.load import Placed
from components.access.spec.models import Spec


@dataclass(frozen=True, kw_only=True)
class State:
    """A plan and what it was made from."""

    plan: Plan
    wanted: Desired
    actual: Access
    facts: Facts


def cluster_plan(
    connection: Connection, spec: Spec, verifiers: Mapping[str, Verifier], sent: Mapping[str, str] | None = None
) -> Plan:
    """The plan for roles and databases, from one read; `sent` as `roles.wanted` takes it."""
    actual, groups, server = inspect.cluster(
        connection,
        roles=spec.every_role,
        databases=spec.databases,
        groups=roles.predefined(spec),
        retired=spec.retired,
    )
    missing = [name for name in spec.databases if name not in actual.databases]
    if missing:
        server = inspect.server(connection, {one for name in missing for one in spec.databases[name].extensions})
    plan = plan_cluster(roles.wanted(spec, actual, server, verifiers, groups, sent), actual, server)
    if server.pooler_table:
        sure = {name: one for name, one in verifiers.items() if sent is not None or name not in actual.roles}
        plan = dataclasses.replace(plan, statements=(*plan.statements, *pooler_verifiers.changes(connection, sure)))
    # What no database of this server could have is told before the first role is made.
    impossible = tuple(
        problem
        for name in missing
        for problem in (
            *empty_database(spec, name, server).plan.problems,
            *_unparsable(connection, spec, name).values(),
        )
    )
    return dataclasses.replace(plan, problems=(*plan.problems, *impossible))


def empty_cluster_plan(spec: Spec, verifiers: Mapping[str, Verifier], major: int) -> Plan:
    """The plan for a server that is not there yet."""
    server = Server(version=major * 10000)
    groups = frozenset(roles.predefined(spec))
    return plan_cluster(roles.wanted(spec, Cluster(), server, verifiers, groups), Cluster(), server)


def database_state(connection: Connection, spec: Spec, name: str, *, journal: bool = False) -> State:
    """The plan for a database: one read, and the policies' expressions. `journal` as `inspect.database` takes it."""
    database = spec.databases[name]
    actual, facts = inspect.database(
        connection,
        schemas=schemas(database),
        extensions=database.extensions,
        row_security=row_security_schemas(database),
        named=server_rights.named(database),
        columned=columned_schemas(database),
        journal=journal,
    )
    wanted = desired(spec, name, actual, facts)
    asked = twins_of(wanted)
    printed = twins.printed(connection, asked)
    taken = {text for twin in asked if not isinstance(printed[twin.key], str) for text in (twin.using, twin.check)}
    refused = _unparsable(connection, spec, name, taken)
    told = {twin.key for twin in asked if {twin.using, twin.check} & refused.keys()}
    wanted = with_expressions(wanted, {key: answer for key, answer in printed.items() if key not in told})
    wanted = dataclasses.replace(wanted, problems=(*wanted.problems, *refused.values()))
    return _state(spec, name, wanted, actual, facts)


def _unparsable(
    connection: Connection, spec: Spec, name: str, taken: Collection[str | None] = frozenset()
) -> dict[str, str]:
    """Row-policy expressions that do not parse, compiled -> what to tell; of the others the server has `taken` some."""
    rls = spec.databases[name].rls
    said = row_policies.said(rls) if rls else {}
    compiled = {text: row_policies.compiled(text, rls.context) for text in said.values()} if rls else {}
    refused = twins.unparsable(connection, (text for text in said.values() if compiled[text] not in taken))
    found: dict[str, str] = {}
    for path, text in said.items():
        if text in refused:
            found.setdefault(compiled[text], Placed(("databases", name, "rls", *path), refused[text]))
    return found


def empty_database(spec: Spec, name: str, server: Server) -> State:
    """The plan for a database that is not there yet."""
    actual, facts = Access(database=name), Facts(server=server)
    return _state(spec, name, desired(spec, name, actual, facts), actual, facts)


def _state(spec: Spec, name: str, wanted: Desired, actual: Access, facts: Facts) -> State:
    plan = plan_database(wanted, actual, facts)
    found = lint.lint(spec, name, wanted, actual, facts)
    told = lint.advice(spec, name, wanted, actual, facts)
    plan = dataclasses.replace(plan, curable=(*plan.curable, *found), notes=(*plan.notes, *told))
    return State(plan=plan, wanted=wanted, actual=actual, facts=facts)
