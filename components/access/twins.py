"""Asks the server how it prints a policy's expression, on a temporary twin of the table.

The real table is only read (AccessShare): a probe policy on it would lock everybody out. The twin has the table's name,
so that expressions which speak of the table find it; it is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from components.access import quoting as q
from components.access.desired import Expressions
from components.access.row_policies import Twin

Connection = psycopg.Connection[Any]
_POLICY = "postgres_platform_twin"
# What a wrong expression gives, as against a server in trouble. (42: syntax, names, types; 22: literals; 0A: features.)
_COMPLAINTS = (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError)
_READ = """
SELECT pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
FROM pg_policy WHERE polname = %s AND polrelid = to_regclass(%s)
"""


def printed(connection: Connection, twins: Iterable[Twin]) -> dict[tuple[object, ...], Expressions | str]:
    """The server's own text of each twin's expressions, or its complaint.

    Needs a transaction, which it leaves as it found it.
    """
    return {twin.key: _ask(connection, twin) for twin in twins}


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
    if error.diag.statement_position:
        said += f", at character {error.diag.statement_position} of CREATE POLICY"
    hint = error.diag.message_hint
    qualify = "row policies must qualify names, as app.current_user_id()"
    return f"PostgreSQL says: {said}" + (f"; {hint}" if hint else "") + f" ({qualify})"
