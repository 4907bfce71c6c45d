"""Which rows of a table a role reaches with a command: all, none, or those that row policies let through. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from components.access.effective import Ground, Path
from components.access.model import PUBLIC, Facts, Object, Policy, Security, Table


class Rows(StrEnum):
    """OPEN: all rows. COND: what the policies say. DENIED: none."""

    OPEN = "OPEN"
    COND = "COND"
    DENIED = "DENIED"


@dataclass(frozen=True, kw_only=True)
class RowAnswer:
    """The state, why, and each policy that applies with the path to the role that it names."""

    state: Rows
    why: str
    policies: tuple[tuple[Policy, Path], ...] = ()


COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def rows(ground: Ground, facts: Facts, role: str, item: Object, command: str) -> RowAnswer | None:
    """What row security says to a role that runs `command` on a relation; None where it has no say."""
    if command not in COMMANDS:
        return None
    if item.kind == "view":
        return _through_view(ground, facts, item, command)
    return _of_table(ground, role, Table(item.schema, item.name), command) if item.kind == "table" else None


def _through_view(ground: Ground, facts: Facts, view: Object, command: str) -> RowAnswer:
    if view not in facts.definer_views:
        return RowAnswer(state=Rows.COND, why="the view asks as whoever reads it: see the tables behind it")
    owner = ground.access.owners[view]
    answers = [(table, _of_table(ground, owner, table, command)) for table in sorted(facts.definer_views[view])]
    bound = [(table, answer) for table, answer in answers if answer.state is not Rows.OPEN]
    if not bound:
        return RowAnswer(state=Rows.OPEN, why=f"the view reads as its owner {owner}, who sees every row behind it")
    table, answer = bound[0]
    return RowAnswer(state=answer.state, why=f"the view reads as its owner {owner}, who on {table} has: {answer.why}")


def _of_table(ground: Ground, role: str, table: Table, command: str) -> RowAnswer:
    security = ground.access.security.get(table, Security())
    if not security.enabled:
        return RowAnswer(state=Rows.OPEN, why="row security is off")
    person = ground.people[role]
    if person.superuser or person.bypassrls:
        return RowAnswer(state=Rows.OPEN, why=f"{role} is {'a superuser' if person.superuser else 'BYPASSRLS'}")
    reach = ground.inherited(role)
    owner = ground.access.owners.get(Object("table", *table), "")
    if owner in reach and not security.forced:
        return RowAnswer(state=Rows.OPEN, why=f"row security is not forced, and {role} has the rights of owner {owner}")
    applying = tuple(
        (policy, reach[next(one for one in policy.roles if one in reach)] if PUBLIC not in policy.roles else ())
        for _, policy in sorted(ground.access.policies.get(table, {}).items())
        if policy.command in ("all", command.lower()) and (PUBLIC in policy.roles or reach.keys() & set(policy.roles))
    )
    return _judged(applying, role, command, forced=security.forced)


def _judged(applying: tuple[tuple[Policy, Path], ...], role: str, command: str, *, forced: bool) -> RowAnswer:
    on = "row security is on and forced" if forced else "row security is on"
    permissive = [_says(policy, command) for policy, _ in applying if policy.permissive]
    restrictive = [_says(policy, command) for policy, _ in applying if not policy.permissive]
    if all(said == {"false"} for said in permissive) or {"false"} in restrictive:
        return RowAnswer(state=Rows.DENIED, why=f"{on}, and no policy lets {role} {command}", policies=applying)
    if {"true"} in permissive and all(said == {"true"} for said in restrictive):
        return RowAnswer(state=Rows.OPEN, why=f"{on}, and a policy lets {role} {command} every row", policies=applying)
    return RowAnswer(state=Rows.COND, why=f"{on}; the rows that its policies let through", policies=applying)


def _says(policy: Policy, command: str) -> set[str | None]:
    """The expressions that a command is asked by."""
    check = policy.check if policy.check is not None else policy.using
    if command == "INSERT":
        return {check}
    return {policy.using, check} if command == "UPDATE" else {policy.using}
