"""The row policies that a spec wants on the tables that are there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import LiteralString, NamedTuple

from psycopg import sql

from components.access import quoting as q
from components.access.model import PUBLIC, Facts, Policy, Relation, Security, Table
from components.access.scope import Scope
from components.access.spec import row_policies as language
from components.access.spec.names import PLACEHOLDER, QUOTED

FLOOR, ROWS, SEE_ALL = "tenant_floor", "tenant_rows", "see_all"
# Only what has new rows checks them.
_CHECKING = frozenset(("all", "insert", "update"))
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_CASTS: dict[str, LiteralString] = {
    "uuid": "uuid",
    "text": "text",
    "integer": "integer",
    "bigint": "bigint",
    "smallint": "smallint",
    "numeric": "numeric",
    "boolean": "boolean",
    "date": "date",
    "timestamptz": "timestamptz",
    "inet": "inet",
}


class Twin(NamedTuple):
    """Expressions and a table with the columns they speak of; the server prints equal twins alike, so one is asked.

    `columns` are the columns that the expressions name, with their types. Where they might speak of the table itself,
    in a subquery, `columns` is None and each table is asked.
    """

    table: Table
    columns: tuple[tuple[str, str], ...] | None
    using: str | None
    check: str | None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for twins that the server prints alike."""
        return (self.table if self.columns is None else None, self.columns, self.using, self.check)


@dataclass(kw_only=True)
class RowSecurity:
    """What was worked out."""

    security: dict[Table, Security] = field(default_factory=dict)
    policies: dict[Table, dict[str, Policy]] = field(default_factory=dict)
    twins: dict[tuple[Table, str], Twin] = field(default_factory=dict)
    tenant_tables: set[Table] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)


def wanted(rls: language.RowSecurity, scope: Scope, facts: Facts) -> RowSecurity:
    """Row security of every table that the spec's rules reach."""
    return _Compiler(rls, scope, facts).compile()


def compiled(expression: str, context: Mapping[str, language.Context]) -> str:
    """The expression with each :name as a subquery that reads its setting, and NULL where it is unset or empty.

    The subquery makes the server read the setting once and not for each row.
    """

    def setting(name: str) -> str:
        what = context[name]
        read = "(SELECT nullif(current_setting({}, true), ''){})"
        cast: LiteralString = "::" + _CASTS[what.type] if what.type != "text" else ""
        return q.text(read, q.value(what.setting), sql.SQL(cast))

    return _with(expression, lambda match: setting(match[1]))


def in_place(expression: str) -> str:
    """The expression with a parameter for each :name, every character where it was written."""
    return _with(expression, lambda match: "$1".ljust(len(match[0])))


def _with(expression: str, placeholder: Callable[[re.Match[str]], str]) -> str:
    """What is quoted stays as it is."""
    parts: list[str] = []
    at = 0
    for quoted in [*QUOTED.finditer(expression), None]:
        plain = expression[at : quoted.start() if quoted else len(expression)]
        parts.append(PLACEHOLDER.sub(placeholder, plain))
        if quoted:
            parts.append(quoted[0])
            at = quoted.end()
    return "".join(parts)


def said(rls: language.RowSecurity) -> dict[tuple[str, ...], str]:
    """Path below `rls` -> the expression that is written there."""
    found: dict[tuple[str, ...], str] = {("tenant", "using"): rls.tenant.using} if rls.tenant else {}
    for table, policies in rls.tables.items():
        for name, policy in policies.items():
            texts = {"using": policy.using, "check": policy.check}
            found |= {("tables", table, name, key): text for key, text in texts.items() if text is not None}
    return found


class _Compiler:
    def __init__(self, rls: language.RowSecurity, scope: Scope, facts: Facts) -> None:
        self.rls, self.scope, self.facts = rls, scope, facts
        self.found = RowSecurity()
        self._sources: dict[str, str] = {}
        self.own = {Table(*name.split(".")): policies for name, policies in rls.tables.items()}

    def compile(self) -> RowSecurity:
        for table, relation in sorted(self.facts.relations.items()):
            policies = [*self._tenant(table, relation), *self._own(table)]
            if policies:
                self._add(table, relation, policies)
        for table in sorted(self.own.keys() - self.facts.relations.keys()):
            self.found.pending.append(f"table {table} is not there yet; its row policies wait for it")
        return self.found

    def _tenant(self, table: Table, relation: Relation) -> Iterator[Policy]:
        tenant = self.rls.tenant
        if tenant is None or table.schema not in tenant.schemas or str(table) in tenant.exempt:
            return
        if tenant.column not in relation.columns:
            if table not in self.own:
                self.found.problems.append(
                    f"table {table} has no column {tenant.column}; add it, write row policies for the table under "
                    "rls.tables, or name it with a reason under rls.tenant.exempt"
                )
            return
        self.found.tenant_tables.add(table)
        roles = self.scope.roles(tenant.to)
        yield self._policy(FLOOR, "all", roles, tenant.using, tenant.using, permissive=False)
        replaced = {role for policy in self._permissive(table) for role in self.scope.roles(policy.to)}
        rest: list[str] = [] if PUBLIC in replaced else [role for role in roles if role not in replaced]
        if rest:
            yield self._policy(ROWS, "all", rest, tenant.using, tenant.using)
        yield from self._see_all({**(self.rls.see_all if table in self.own else {}), **tenant.see_all})

    def _permissive(self, table: Table) -> Iterable[language.Policy]:
        return [policy for policy in self.own.get(table, {}).values() if policy.as_ == "permissive"]

    def _own(self, table: Table) -> Iterator[Policy]:
        if table not in self.own:
            return
        for name, policy in self.own[table].items():
            commands: tuple[str, ...] = ("all",) if "all" in policy.for_ else policy.for_
            for command in commands:
                using = None if command == "insert" else policy.using
                check = policy.check or policy.using
                called = name if len(commands) == 1 else f"{name}_{command}"
                permissive = policy.as_ == "permissive"
                yield self._policy(called, command, self.scope.roles(policy.to), using, check, permissive=permissive)
        if table not in self.found.tenant_tables:
            yield from self._see_all(self.rls.see_all)

    def _see_all(self, entries: Mapping[str, language.SeeAll]) -> Iterator[Policy]:
        by_command: dict[str, list[str]] = defaultdict(list)
        for role, entry in entries.items():
            for each in ("all",) if "all" in entry.for_ else entry.for_:
                by_command[each].append(role)
        for command, roles in sorted(by_command.items()):
            name = SEE_ALL if command == "all" else f"{SEE_ALL}_{command}"
            yield self._policy(name, command, roles, None if command == "insert" else "true", "true")

    def _policy(
        self,
        name: str,
        command: str,
        roles: Iterable[str],
        using: str | None,
        check: str | None,
        *,
        permissive: bool = True,
    ) -> Policy:
        checking = check if command in _CHECKING else None
        return Policy(
            name=name,
            command=command,
            permissive=permissive,
            roles=tuple(sorted(roles)),
            using_source=using,
            check_source=checking,
        )

    def _add(self, table: Table, relation: Relation, policies: Iterable[Policy]) -> None:
        by_name: dict[str, Policy] = {}
        for policy in policies:
            if policy.name in by_name:
                self.found.problems.append(
                    f"table {table} gets two row policies called {policy.name}; call yours otherwise ({FLOOR}, {ROWS} "
                    f"and {SEE_ALL} are this program's)"
                )
            self.found.twins[table, policy.name] = self._twin(table, relation, policy)
            sources = {key: self._compiled(getattr(policy, key)) for key in ("using_source", "check_source")}
            by_name[policy.name] = Policy(
                name=policy.name, command=policy.command, permissive=policy.permissive, roles=policy.roles, **sources
            )
        self.found.policies[table] = by_name
        self.found.security[table] = Security(enabled=True, forced=True)

    def _compiled(self, source: str | None) -> str | None:
        if source is not None and source not in self._sources:
            self._sources[source] = compiled(source, self.rls.context)
        return None if source is None else self._sources[source]

    def _twin(self, table: Table, relation: Relation, policy: Policy) -> Twin:
        said = f"{policy.using_source or ''} {policy.check_source or ''}"
        words = {word.lower() for word in _WORD.findall(said)}
        alone = bool({"select", table.name.lower(), table.schema.lower()} & words) or '"' in said or not said.isascii()
        columns = tuple((name, kind) for name, kind in relation.columns.items() if name.lower() in words)
        using, check = self._compiled(policy.using_source), self._compiled(policy.check_source)
        return Twin(table, None if alone else columns, using, check)
