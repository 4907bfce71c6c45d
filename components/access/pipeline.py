"""Statements sent without waiting for each answer, and which of them the server refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import pq

from components.access import quoting as q
from components.access.model import Statement
from components.access.session import Connection


def send(connection: Connection, statement: Statement) -> list[psycopg.Cursor[Any]]:
    """One cursor a statement; a grant of another role is taken back as that role."""
    if statement.run_as is None:
        return [connection.execute(statement.sql)]
    connection.execute(q.text("SET LOCAL ROLE {}", q.name(statement.run_as)))
    cursor = connection.execute(statement.sql)
    connection.execute("RESET ROLE")
    return [cursor]


def failed(sent: Sequence[psycopg.Cursor[Any]], statements: Sequence[Statement]) -> Statement | None:
    """The first statement that the server did not accept."""
    for statement, cursor in zip(statements, sent, strict=False):
        if cursor.pgresult is None or cursor.pgresult.status != pq.ExecStatus.COMMAND_OK:
            return statement
    return statements[-1] if len(sent) == len(statements) else statements[len(sent)]
