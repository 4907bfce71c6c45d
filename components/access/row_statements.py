"""One function a statement on row security and row policies."""

from __future__ import annotations

from typing import LiteralString

from psycopg import sql

from components.access import quoting as q
from components.access.model import Policy, Statement, Table

_COMMANDS: dict[str, LiteralString] = {
    "all": "ALL",
    "select": "SELECT",
    "insert": "INSERT",
    "update": "UPDATE",
    "delete": "DELETE",
}


def create_policy(table: Table, policy: Policy, why: str) -> Statement:
    """CREATE POLICY; expressions are the spec's own text, as a policy's author wrote it."""
    text = q.text(
        "CREATE POLICY {} ON {} AS {} FOR {} TO {}{}",
        q.name(policy.name),
        q.name(*table),
        sql.SQL("PERMISSIVE" if policy.permissive else "RESTRICTIVE"),
        sql.SQL(_COMMANDS[policy.command]),
        q.roles(policy.roles),
        expressions(policy),
    )
    return Statement(sql=text, why=why)


def alter_policy(table: Table, policy: Policy, why: str) -> Statement:
    """ALTER POLICY: roles and expressions; a command or a kind cannot be altered."""
    text = q.text(
        "ALTER POLICY {} ON {} TO {}{}", q.name(policy.name), q.name(*table), q.roles(policy.roles), expressions(policy)
    )
    return Statement(sql=text, why=why)


def drop_policy(table: Table, name: str, why: str) -> Statement:
    """DROP POLICY."""
    return Statement(sql=q.text("DROP POLICY {} ON {}", q.name(name), q.name(*table)), why=why)


def switch(table: Table, *, enable: bool, force: bool) -> Statement:
    """ENABLE and FORCE ROW LEVEL SECURITY, as far as each is missing, in one pass over the table's catalog row."""
    words: list[LiteralString] = (["ENABLE"] if enable else []) + (["FORCE"] if force else [])
    parts = sql.SQL(", ").join(sql.SQL(word) + sql.SQL(" ROW LEVEL SECURITY") for word in words)
    text = q.text("ALTER TABLE {} {}", q.name(*table), parts)
    return Statement(
        sql=text, why=f"row security of {table.schema}.{table.name} is off{'' if enable else ' for its owner'}"
    )


def expressions(policy: Policy) -> sql.Composable:
    """USING and WITH CHECK as the server prints them where that is known, else from the sources."""
    parts: list[sql.Composable] = []
    for template, expression in (
        (" USING ({})", policy.using or policy.using_source),
        (" WITH CHECK ({})", policy.check or policy.check_source),
    ):
        if expression is not None:
            parts.append(sql.SQL(template).format(_raw(expression)))
    return sql.Composed(parts)


def _raw(expression: str) -> sql.Composable:
    # SQL by nature. Statements go by the extended protocol, which refuses a second one behind a semicolon.
    return sql.SQL(expression)
