"""Row policies as a spec says them: the tenant's rule where the tables have it, else table by table."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.access.adopt_roles import FOUND
from components.access.model import PUBLIC, Access, Facts, Policy, Security, Table
from components.access.row_policies import FLOOR, ROWS, SEE_ALL

_TYPES = {"timestamp with time zone": "timestamptz"}
_KNOWN = ("uuid", "text", "integer", "bigint", "smallint", "numeric", "boolean", "date", "timestamptz", "inet")
# What the server prints of the subquery that a spec's :name is compiled to.
_READ = re.compile(
    r"\( SELECT (?P<cast>\()?NULLIF\(current_setting\('(?P<setting>[A-Za-z_][\w]*(?:\.[A-Za-z_][\w$]*)+)'::text, "
    r"true\), ''::text\)(?(cast)\)::(?P<type>[a-z ]+)) AS (?:\"nullif\"|nullif)\)"
)
Sources = dict[tuple[str, str], str]  # (setting, type) -> name under rls.context


@dataclass(kw_only=True)
class RowRules:
    """What was worked out: the spec's `rls`, and what it leaves out."""

    plain: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def adopted(
    access: Access, facts: Facts, declared: frozenset[str], schemas: frozenset[str], *, template: bool = True
) -> RowRules:
    """The row policies of a database, each table's exactly or not at all; `template` looks for a tenant's rule."""
    found = RowRules()
    names: Sources = {}
    tables: dict[Table, dict[str, Policy]] = {}
    for table in sorted({*access.policies, *access.security}):
        if table.schema not in schemas:
            continue
        policies = access.policies.get(table, {})
        if wrong := _unsayable(table, policies, access.security.get(table, Security()), declared):
            found.remarks.append(f"row security of table {table} is left as it is: {wrong}")
        else:
            tables[table] = {name: _sourced(policy, names) for name, policy in policies.items()}
    rule = _tenant(tables, facts) if template else None
    rest = rule.own if rule else tables
    if rule:
        found.plain["tenant"] = rule.plain
    if rest := {table: policies for table, policies in rest.items() if policies}:
        found.plain["tables"] = {
            str(table): {name: _line(policy) for name, policy in sorted(policies.items())}
            for table, policies in sorted(rest.items())
        }
    if names and found.plain:
        context = {name: {"setting": setting, "type": kind} for (setting, kind), name in sorted(names.items())}
        found.plain = {"context": context, **found.plain}
    return found


def _unsayable(
    table: Table, policies: Mapping[str, Policy], security: Security, declared: frozenset[str]
) -> str | None:
    if "." in table.schema or "." in table.name:
        return "a dot in its name"
    if not policies:
        return "it is switched on without a policy, so only who is exempt sees rows"
    if security != Security(True, True):
        return "its policies are there, but not enabled and forced, as a spec would have them"
    for policy in policies.values():
        if strangers := sorted(set(policy.roles) - declared - {PUBLIC}):
            return f"policy {policy.name} speaks of {strangers[0]}, whom the spec does not declare"
        if policy.using is None and (policy.command != "insert" and (policy.check is None or policy.command == "all")):
            return f"policy {policy.name} has no USING"
        if policy.command == "insert" and policy.check is None:
            return f"policy {policy.name} has no CHECK"
    return None


def _sourced(policy: Policy, names: Sources) -> Policy:
    """The policy with :name in place of the subquery that reads a setting."""

    def named(match: re.Match[str]) -> str:
        printed = match["type"] or "text"
        kind = _TYPES.get(printed, printed)
        key = (match["setting"], kind)
        if kind not in _KNOWN:
            return match[0]
        if key not in names:
            plain = re.sub(r"[^a-z0-9_]", "_", match["setting"].rpartition(".")[2].lower())
            names[key] = plain if plain not in names.values() else f"{plain}_{len(names)}"
        return f":{names[key]}"

    using, check = (None if one is None else _READ.sub(named, one) for one in (policy.using, policy.check))
    if check is None and policy.command in ("all", "update"):
        check = using
    return Policy(
        name=policy.name,
        command=policy.command,
        permissive=policy.permissive,
        roles=policy.roles,
        using=using,
        check=check,
    )


def _line(policy: Policy) -> dict[str, Any]:
    found: dict[str, Any] = {"for": [policy.command], "to": list(policy.roles)}
    if policy.using is not None:
        found["using"] = policy.using
    if policy.check is not None and policy.check != policy.using:
        found["check"] = policy.check
    return found | ({} if policy.permissive else {"as": "restrictive"})


@dataclass(frozen=True, kw_only=True)
class _Template:
    plain: dict[str, Any]
    own: dict[Table, dict[str, Policy]]


def _tenant(tables: Mapping[Table, Mapping[str, Policy]], facts: Facts) -> _Template | None:
    """The rule that most tables with a floor policy share; None where it does not fit all of those."""
    floors = {table: policies[FLOOR] for table, policies in tables.items() if FLOOR in policies}
    if not floors:
        return None
    shape, _ = Counter((floor.using, floor.roles) for floor in floors.values()).most_common(1)[0]
    using, roles = shape
    column = _column(str(using), [facts.relations[table].columns for table in floors if table in facts.relations])
    see_all = _see_all(tables[next(iter(floors))])
    own: dict[Table, dict[str, Policy]] = {}
    for table, policies in tables.items():
        if table not in floors:
            own[table] = dict(policies)
        elif not _fits(policies, floors[table], str(using), roles) or _see_all(policies) != see_all:
            return None
        else:
            own[table] = {name: each for name, each in policies.items() if not _made(name)}
    if column is None:
        return None
    schemas = sorted({table.schema for table in floors})
    exempt = {
        str(table): f"has no {FLOOR}, {FOUND}"
        for table in sorted(facts.relations)
        if table.schema in schemas and table not in floors
    }
    plain: dict[str, Any] = {"schemas": schemas, "column": column, "using": using, "to": list(roles)}
    plain |= {"exempt": exempt} if exempt else {}
    return _Template(plain=plain | ({"see_all": see_all} if see_all else {}), own=own)


def _made(name: str) -> bool:
    return name in (FLOOR, ROWS) or name == SEE_ALL or name.startswith(f"{SEE_ALL}_")


def _fits(policies: Mapping[str, Policy], floor: Policy, using: str, roles: tuple[str, ...]) -> bool:
    """Whether a spec's rule would make exactly these policies."""
    same = (using, using, "all", roles)
    if floor.permissive or (floor.using, floor.check, floor.command, floor.roles) != same:
        return False
    own = [each for name, each in policies.items() if not _made(name)]
    replaced = {role for each in own if each.permissive for role in each.roles}
    rest = () if PUBLIC in replaced else tuple(role for role in roles if role not in replaced)
    rows = policies.get(ROWS)
    if rows is None:
        return not rest
    return rows.permissive and (rows.using, rows.check, rows.command, rows.roles) == (using, using, "all", rest)


def _see_all(policies: Mapping[str, Policy]) -> dict[str, Any] | None:
    """Role -> the commands for which it sees all; {"": ...} never fits."""
    commands: dict[str, list[str]] = defaultdict(list)
    for name, policy in sorted(policies.items()):
        if name == SEE_ALL or name.startswith(f"{SEE_ALL}_"):
            expected = SEE_ALL if policy.command == "all" else f"{SEE_ALL}_{policy.command}"
            if name != expected or not policy.permissive or {policy.using, policy.check} - {"true", None}:
                return None
            for role in policy.roles:
                commands[role].append(policy.command)
    return {role: {"for": each, "why": FOUND} for role, each in sorted(commands.items())}


def _column(using: str, columns: list[Mapping[str, str]]) -> str | None:
    """The column of all these tables that the expression speaks of."""
    shared = set.intersection(*(set(each) for each in columns)) if columns else set()
    named = [word for word in re.findall(r"(?<![:.\w])[A-Za-z_][\w$]*", using) if word in shared]
    return named[0] if named else None
