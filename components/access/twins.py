"""Asks the server how it prints a policy's expression, on a temporary twin of the table.

The real table is only read (AccessShare): a probe policy on it would lock everybody out. The twin has the table's name,
so that expressions which speak of the table find it; it is rolled back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import pq, sql

from components.access import quoting as q
from components.access.desired import Expressions
from components.access.model import Table
from components.access.row_policies import Twin, in_place

Field = pq.DiagnosticField
Connection = psycopg.Connection[Any]
# What a wrong expression gives, as against a server in trouble. (42: syntax, names, types; 22: literals; 0A: features.)
_COMPLAINTS = (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError)
_SYNTAX_ERROR = "42601"
_BEFORE = "SELECT WHERE ("
_TOLD = (Field.SQLSTATE, Field.MESSAGE_PRIMARY, Field.STATEMENT_POSITION)
MOST_SHOWN = 60  # characters before and after a mistake
_READ = """
SELECT polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
FROM pg_policy WHERE polrelid = to_regclass(%s)
"""


def printed(connection: Connection, twins: Iterable[Twin]) -> dict[tuple[object, ...], Expressions | str]:
    """The server's own text of each twin's expressions, or its complaint.

    Needs a transaction, which it leaves as it found it. One round trip, unless there is a complaint: then each twin is
    asked alone, which tells whose it is.
    """
    asked = tuple(twins)
    try:
        return _printed(connection, asked)
    except _COMPLAINTS:
        return {twin.key: _alone(connection, twin) for twin in asked}


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


def _alone(connection: Connection, twin: Twin) -> Expressions | str:
    try:
        return _printed(connection, [twin])[twin.key]
    except _COMPLAINTS as error:
        return _complaint(error)


def _printed(connection: Connection, twins: Sequence[Twin]) -> dict[tuple[object, ...], Expressions | str]:
    """Raises one of _COMPLAINTS, and none of the twins is answered."""
    tables: defaultdict[Table, dict[str, Twin]] = defaultdict(dict)
    for number, twin in enumerate(twins):
        tables[twin.table][f"postgres_platform_twin_{number}"] = twin
    with connection.transaction(force_rollback=True):
        # The server refuses a second statement behind a semicolon here, as an expression might try to bring one.
        with connection.pipeline():
            connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")
            asked = [(policies, _ask(connection, table, policies)) for table, policies in tables.items()]
        return {policies[name].key: (using, check) for policies, told in asked for name, using, check in told}


def _ask(connection: Connection, table: Table, policies: Mapping[str, Twin]) -> psycopg.Cursor[Any]:
    """Sends what asks of one table. The answer can be read when the pipeline has ended.

    The twin is gone before that of the next table comes, which no policy may take for the table of its name.
    """
    local = sql.Identifier("pg_temp", table.name)
    connection.execute("SAVEPOINT twin")
    connection.execute(sql.SQL("CREATE TEMP TABLE {} (LIKE {})").format(q.name(table.name), q.name(*table)))
    for name, twin in policies.items():
        connection.execute(sql.Composed([*_policy(name, twin, local)]))
    told = connection.execute(_READ, [local.as_string(connection)])
    connection.execute("ROLLBACK TO SAVEPOINT twin")
    return told


def _policy(name: str, twin: Twin, table: sql.Composable) -> Iterator[sql.Composable]:
    yield sql.SQL("CREATE POLICY {} ON {}").format(q.name(name), table)
    # FOR INSERT takes no USING, and FOR SELECT no CHECK; what is printed is the same whatever the command.
    if twin.using is not None:
        yield sql.SQL(" USING ({})").format(sql.SQL(twin.using))
    if twin.check is not None:
        yield sql.SQL(" WITH CHECK ({})").format(sql.SQL(twin.check))


def _complaint(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    hint = error.diag.message_hint
    qualify = "row policies must qualify names, as app.current_user_id()"
    return f"PostgreSQL says: {said}" + (f"; {hint}" if hint else "") + f" ({qualify})"
