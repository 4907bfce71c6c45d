"""Runs scripts in a database and keeps its journal; decides nothing (scripts.py does)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import generators, pq, sql

from components.access import failures
from components.access.scripts import Script, ScriptError, ScriptProblem
from components.access.sql_text import line_at

_QUERIES = Path(__file__).parent / "queries"
_FAILED = pq.ExecStatus.FATAL_ERROR
# A schema named like the owner, then public: what a session of the owner's would see, whoever runs the script.
SEARCH_PATH = '"$user", public'

Connection = psycopg.Connection[Any]


class CutOffError(ScriptError, failures.PassingError):
    """A script that was not at fault: a failover, a deadlock or a lock came between."""


def applied(connection: Connection) -> dict[str, str]:
    """The journal: name -> SHA-256 of what ran; {} where nothing ever ran. Takes no lock that anybody waits for."""
    if connection.execute("SELECT to_regclass('postgres_platform.script_journal')").fetchone() == (None,):
        return {}
    return dict(connection.execute(_query("script_journal_read")).fetchall())


def run(
    connection: Connection, run_now: Sequence[Script], owner: str, report: Callable[[str], None] = lambda _: None
) -> None:
    """Runs the scripts as `owner` inside the caller's transaction, and notes them in the journal.

    The caller commits; after a ScriptError it must roll back. `report` gets each script's name before it runs. Role and
    search path are the caller's again afterwards.
    """
    if not run_now:
        return
    before = _settings(connection)
    if connection.info.transaction_status != pq.TransactionStatus.INTRANS:
        raise ValueError("scripts need an open transaction: outside one SET LOCAL ROLE has no effect")
    connection.execute(_query("script_journal_create"))
    for script in run_now:
        report(script.name)
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(owner)))
        connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.SQL(SEARCH_PATH)))
        run_whole(connection, script)
        _restore(connection, before)
        _record(connection, script)


def run_apart(connection: Connection, script: Script, owner: str) -> None:
    """Runs one script that cannot be in a transaction: `connection` must be in autocommit mode.

    Each statement commits by itself, so such a script must be written to be run again after a failure half-way.
    Give it a connection of its own: what it SETs stays.
    """
    if not connection.autocommit:
        raise ValueError("a script without a transaction needs a connection in autocommit mode")
    before = _settings(connection)
    connection.execute(_query("script_journal_create"))
    try:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(owner)))
        connection.execute(sql.SQL("SET search_path = {}").format(sql.SQL(SEARCH_PATH)))
        for statement in script.statements:
            _run_statement(connection, script, statement.text, statement.line)
    finally:
        if not connection.closed:
            _restore(connection, before, local=False)
    _record(connection, script)


def run_whole(connection: Connection, script: Script) -> None:
    """One simple query for the whole file: the server itself finds the statements' ends. Raises ScriptError."""
    pgconn = connection.pgconn
    pgconn.send_query(script.text.encode())
    results = connection.wait(generators.execute(pgconn))
    failed = next((index for index, result in enumerate(results) if result.status == _FAILED), None)
    if failed is not None:
        error = psycopg.errors.error_from_result(results[failed], connection.info.encoding)
        raise _failure(script, error, _first_line(script, failed))


def _run_statement(connection: Connection, script: Script, text: str, line: int) -> None:
    try:
        connection.execute(text.encode(), prepare=False)
    except psycopg.Error as error:
        raise _failure(script, error, line, text) from None


def _failure(script: Script, error: psycopg.Error, line: int | None, text: str | None = None) -> ScriptError:
    kind = CutOffError if failures.passes(error) else ScriptError
    return kind([_problem(script, error, line, text)])


def _first_line(script: Script, failed: int) -> int | None:
    """The server answers statement by statement, so the number of answers tells which one failed."""
    return script.statements[failed].line if failed < len(script.statements) else None


def _problem(script: Script, error: psycopg.Error, line: int | None, text: str | None = None) -> ScriptProblem:
    """`line` is where the statement begins; the server's own position, where it gives one, is nearer."""
    diagnosis = error.diag
    if diagnosis.statement_position:
        inside = line_at(text or script.text, int(diagnosis.statement_position) - 1)
        line = inside if text is None or line is None else line + inside - 1
    parts = [f"PostgreSQL says: {diagnosis.message_primary or error}"]
    parts += [f"{word}: {said}" for word, said in _more(diagnosis) if said]
    return ScriptProblem(file=script.file or script.name, line=line, message="; ".join(parts))


def _more(diagnosis: psycopg.errors.Diagnostic) -> Iterable[tuple[str, str | None]]:
    return (
        ("SQLSTATE", diagnosis.sqlstate),
        ("detail", diagnosis.message_detail),
        ("hint", diagnosis.message_hint),
        ("in", (diagnosis.context or "").splitlines()[0] if diagnosis.context else None),
    )


def _settings(connection: Connection) -> tuple[str, str]:
    row = connection.execute("SELECT current_setting('role'), current_setting('search_path')").fetchone()
    assert row is not None
    return row[0], row[1]


def _restore(connection: Connection, before: tuple[str, str], *, local: bool = True) -> None:
    words = {"role": before[0], "path": before[1], "local": local}
    connection.execute(
        "SELECT set_config('role', %(role)s, %(local)s), set_config('search_path', %(path)s, %(local)s)", words
    )


def _record(connection: Connection, script: Script) -> None:
    connection.execute(_query("script_journal_record"), {"name": script.name, "sha256": script.sha256})


def _query(name: str) -> bytes:
    return (_QUERIES / f"{name}.sql").read_bytes()
