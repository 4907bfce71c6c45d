"""What must change in row security. Policies come first, ENABLE last: no query between is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from components.access import row_statements
from components.access.desired import Desired
from components.access.model import Access, Policy, Security, Statement, Table


def changes(wanted: Desired, actual: Access) -> tuple[list[Statement], list[str]]:
    """Statements in an order the server accepts, and notes on what is only told."""
    statements: list[Statement] = []
    notes: list[str] = []
    for table in sorted(wanted.access.policies):
        mode = wanted.mode(table.schema)
        present = actual.policies.get(table, {})
        statements += _of_table(table, wanted.access.policies[table], present)
        for name in sorted(present.keys() - wanted.access.policies[table].keys()):
            if mode == "strict":
                statements.append(row_statements.drop_policy(table, name, f"row policy {name} is not declared"))
            elif mode == "report":
                notes.append(f"row policy {name} of table {table} is not declared; mode report leaves it")
        statements += _switch(table, wanted.access.security[table], actual.security.get(table, Security()))
    notes += [
        f"table {table} has row policies that the spec does not speak of: {', '.join(sorted(by_name))}"
        for table, by_name in sorted(actual.policies.items())
        if table.schema in wanted.modes and table not in wanted.access.policies
    ]
    return statements, notes


def _of_table(table: Table, wanted: Mapping[str, Policy], present: Mapping[str, Policy]) -> Iterator[Statement]:
    for name in sorted(wanted):
        policy, before = wanted[name], present.get(name)
        if before is None:
            yield row_statements.create_policy(table, policy, f"row policy {name} of {table} is not there")
        elif _checking(before) != _checking(policy):
            differing = ", ".join(
                key
                for key in ("command", "permissive", "roles", "using", "check")
                if getattr(before, key) != getattr(policy, key)
            )
            why = f"{differing} of row policy {name} of {table} differs"
            if _alterable(before, policy):
                yield row_statements.alter_policy(table, policy, why)
            else:
                yield row_statements.drop_policy(table, name, why)
                yield row_statements.create_policy(table, policy, why)


def _checking(policy: Policy) -> Policy:
    """Without a CHECK of its own, a policy checks new rows by its USING: the two ways to write it are one policy."""
    implied = policy.check is None and policy.command in ("all", "update")
    return dataclasses.replace(policy, check=policy.using) if implied else policy


def _alterable(before: Policy, after: Policy) -> bool:
    """ALTER POLICY changes neither command nor kind, and cannot take an expression away."""
    same = before.command == after.command and before.permissive == after.permissive
    lost = (before.using and not after.using) or (before.check and not after.check)
    return same and not lost


def _switch(table: Table, wanted: Security, present: Security) -> Iterator[Statement]:
    enable, force = wanted.enabled and not present.enabled, wanted.forced and not present.forced
    if enable or force:
        yield row_statements.switch(table, enable=enable, force=force)
