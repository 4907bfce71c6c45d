"""The few statements that the platform itself runs, as the administrator, by certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

CONNECT_LIMIT = 5
HOST = "localhost"


def connect(admin: Mapping[str, str], port: int) -> psycopg.Connection[Any]:
    """An autocommit session with one server in the database postgres; raises psycopg.OperationalError."""
    return psycopg.connect(
        host=HOST,
        port=port,
        dbname="postgres",
        user="postgres",
        sslmode="verify-full",
        sslrootcert=admin["ca"],
        sslcert=admin["certificate"],
        sslkey=admin["key"],
        connect_timeout=CONNECT_LIMIT,
        application_name="postgres-platform",
        autocommit=True,
    )


def shown(admin: Mapping[str, str], port: int, names: list[str]) -> dict[str, str | None]:
    """The values in force of these parameters, as SHOW writes them."""
    with connect(admin, port) as session:
        rows = session.execute("SELECT n, current_setting(n, true) FROM unnest(%s::text[]) AS n", (names,))
        return dict(rows.fetchall())


def hba_file(admin: Mapping[str, str], port: int) -> tuple[str, bool, dict[int, str]]:
    """pg_hba.conf's text, whether the server has read it since it was written, and the error of each bad line."""
    with connect(admin, port) as session:
        row = session.execute(
            "SELECT pg_read_file(f), (pg_stat_file(f)).modification <= pg_conf_load_time()"
            " FROM current_setting('hba_file') AS f"
        ).fetchone()
        errors = session.execute("SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL").fetchall()
    assert row is not None
    return row[0], bool(row[1]), {int(number): str(error) for number, error in errors}


def logins(admin: Mapping[str, str], port: int) -> set[str]:
    """The roles that may log in, but superusers and who replicates: those are the platform's."""
    with connect(admin, port) as session:
        rows = session.execute(
            "SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND NOT rolreplication"
            " AND rolname <> ALL ('{rewind,pgbouncer}')"
        ).fetchall()
    return {str(name) for (name,) in rows}


def failing_archive(admin: Mapping[str, str], port: int) -> str | None:
    """The segment of WAL that the archive refused last; None when one got there since, or none was ever refused."""
    with connect(admin, port) as session:
        row = session.execute(
            "SELECT last_failed_wal FROM pg_stat_archiver"
            " WHERE last_failed_time > coalesce(last_archived_time, '-infinity')"
        ).fetchone()
    return str(row[0]) if row else None


def in_recovery(admin: Mapping[str, str], port: int) -> bool | None:
    """Whether the server is a replica; None when it cannot be asked."""
    try:
        with connect(admin, port) as session:
            row = session.execute("SELECT pg_is_in_recovery()").fetchone()
    except psycopg.Error:
        return None
    return bool(row and row[0])


def reset_altered(admin: Mapping[str, str], port: int, names: list[str]) -> bool:
    """Undoes ALTER SYSTEM for these parameters and reloads; True when one of them needs a restart to be gone."""
    with connect(admin, port) as session:
        for name in names:
            session.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
        session.execute("SELECT pg_reload_conf()")
        # A reload is read a moment later by this very session; a new one would see it too.
        row = session.execute("SELECT bool_or(context = 'postmaster') FROM pg_settings WHERE name = ANY(%s)", (names,))
        found = row.fetchone()
    return bool(found and found[0])


def drop_slot(admin: Mapping[str, str], port: int, slot: str) -> bool:
    """Drops a replication slot that nobody uses; True when it is gone."""
    with connect(admin, port) as session:
        session.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active",
            (slot,),
        )
        row = session.execute("SELECT count(*) FROM pg_replication_slots WHERE slot_name = %s", (slot,)).fetchone()
    return row == (0,)
