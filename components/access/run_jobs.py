"""Tells pg_cron which jobs a database has; decides nothing (jobs.py does)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from components.access import jobs
from components.access.jobs import Job, JobChanges, Jobs

_QUERIES = Path(__file__).parent / "queries"
Connection = psycopg.Connection[Any]


def home(connection: Connection) -> str | None:
    """The database that pg_cron lives in, None where the server runs without it: then no job can be scheduled."""
    row = connection.execute("SELECT current_setting('cron.database_name', true)").fetchone()
    return row[0] or None if row else None


def scheduled(connection: Connection, database: str) -> dict[str, Job]:
    """The jobs of `database` by name; `connection` must be to pg_cron's home. {} where its extension is not made."""
    if connection.execute("SELECT to_regclass('cron.job')").fetchone() == (None,):
        return {}
    rows = connection.execute((_QUERIES / "jobs_read.sql").read_bytes(), {"database": database})
    return {name: Job(schedule=schedule, run=command, role=role) for name, schedule, command, role in rows}


def apply(connection: Connection, database: str, wanted: Jobs, changes: JobChanges) -> None:
    """Inside the caller's transaction, as the administrator; makes the extension where it is not there yet."""
    if not changes:
        return
    connection.execute("CREATE EXTENSION IF NOT EXISTS pg_cron")
    for statement in jobs.statements(database, wanted, changes):
        connection.execute(statement)
