"""Asks the server how it prints a policy's expression, on a temporary twin of the table.

The real table is only read (AccessShare): a probe policy on it would lock everybody out. The twin has the table's name,
so that expressions which speak of the table find it; it is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import pq, sql

from components.access import quoting as q
from components.access.desired import Expressions
from components.access.row_policies import Twin, in_place

Field = pq.DiagnosticField
Connection = psycopg.Connection[Any]
_POLICY = "postgres_platform_twin"
# What a wrong expression gives, as against a server in trouble. (42: syntax, names, types; 22: literals; 0A: features.)
_COMPLAINTS = (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError)
_SYNTAX_ERROR = "42601"
_BEFORE = "SELECT WHERE ("
_TOLD = (Field.SQLSTATE, Field.MESSAGE_PRIMARY, Field.STATEMENT_POSITION)
MOST_SHOWN = 60  # characters before and after a mistake
_READ = """
SELECT pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
FROM pg_policy WHERE polname = %s AND polrelid = to_regclass(%s)
"""


def printed(connection: Connection, twins: Iterable[Twin]) -> dict[tuple[object, ...], Expressions | str]:
    """The server's own text of each twin's expressions, or its complaint.

    Needs a transaction, which it leaves as it found it.
    """
    return {twin.key: _ask(connection, twin) for twin in twins}


def unparsable(connection: Connection, expressions: Iterable[str]) -> dict[str, str]:
    """What the server's parser has against expressions as they are written, whether their tables are there or not.

    They are parsed, never run. Needs a transaction, which it leaves as it found it.
    """
    asked = ((text, _parse(connection, text)) for text in dict.fromkeys(expressions))
    return {text: told for text, told in asked if told}


def _parse(connection: Connection, text: str) -> str | None:
    # As psycopg sends its own statements: of SQL_ASCII a session knows no more than that bytes are bytes.
    encoding = connection.info.encoding if connection.info.encoding != "ascii" else "utf-8"
    statement = f"{_BEFORE}{in_place(text)})".encode(encoding)
    with connection.transaction(force_rollback=True):
        result = connection.pgconn.prepare(b"", statement)
    said = {field: (result.error_field(field) or b"").decode(encoding, "replace") for field in _TOLD}
    if said[Field.SQLSTATE] != _SYNTAX_ERROR:
        return None  # names and types are judged where the table is
    at = int(said[Field.STATEMENT_POSITION] or 0) - len(_BEFORE)
    where = f", at character {at} of {_around(text, at)}" if at > 0 else f", in {_around(text, 0)}"
    return f"PostgreSQL says: {said[Field.MESSAGE_PRIMARY]}{where}"


def _around(text: str, at: int) -> str:
    begin, end = max(0, at - MOST_SHOWN), at + MOST_SHOWN
    shown = " ".join(text[begin:end].splitlines())
    return f'"{"..." if begin else ""}{shown}{"..." if end < len(text) else ""}"'


def _ask(connection: Connection, twin: Twin) -> Expressions | str:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")
            local = sql.Identifier("pg_temp", twin.table.name)
            connection.execute(
                sql.SQL("CREATE TEMP TABLE {} (LIKE {})").format(q.name(twin.table.name), q.name(*twin.table))
            )
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(local))
            return _create_and_read(connection, twin, local)
    except _COMPLAINTS as error:
        return _complaint(error)


def _create_and_read(connection: Connection, twin: Twin, local: sql.Composable) -> Expressions:
    parts = [sql.SQL("CREATE POLICY {} ON {}").format(q.name(_POLICY), local)]
    # FOR INSERT takes no USING, and FOR SELECT no CHECK; what is printed is the same whatever the command.
    if twin.using is not None:
        parts.append(sql.SQL(" USING ({})").format(sql.SQL(twin.using)))
    if twin.check is not None:
        parts.append(sql.SQL(" WITH CHECK ({})").format(sql.SQL(twin.check)))
    # A prepared statement is one statement: the server refuses a second one behind a semicolon.
    connection.execute(sql.Composed(parts), prepare=True)
    row = connection.execute(_READ, [_POLICY, local.as_string(connection)]).fetchone()
    assert row is not None
    return row[0], row[1]


def _complaint(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    hint = error.diag.message_hint
    qualify = "row policies must qualify names, as app.current_user_id()"
    return f"PostgreSQL says: {said}" + (f"; {hint}" if hint else "") + f" ({qualify})"
