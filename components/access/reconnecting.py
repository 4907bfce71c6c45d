"""Tells the poolers to give their clients new server sessions, and remembers on the server what is still to be told.

A pooled session outlives a change: it keeps the role settings that it began with, and its prepared statements fail once
a column has another type. So what changes such things marks the database in the same transaction, by a setting of that
database that nothing reads but this module; the mark goes when every pooler has been told. A run that is killed in
between, or that finds a pooler silent, leaves the mark to the next one.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq

from components.access import quoting as q
from components.access import session
from components.access.session import Connection, Target

if TYPE_CHECKING:
    from components import contract

MARK = "postgres_platform.reconnect"
CONSOLE = "pgbouncer"  # the database by which PgBouncer takes orders
CONNECT_LIMIT_S = 5
ANSWER_LIMIT_S = 5.0
UNKNOWN = "no such database"  # nobody has asked the pooler for it yet, so it holds no session there


def mark(connection: Connection, database: str) -> None:
    """Part of the caller's transaction: the poolers' sessions in `database` will be stale once it commits."""
    now = datetime.now(UTC).isoformat()
    name = q.name(*MARK.split("."))
    connection.execute(q.text("ALTER DATABASE {} SET {} TO {}", q.name(database), name, q.value(now)))


def marked(connection: Connection, database: str) -> str | None:
    """Since when poolers have to be told; None when there is nothing to tell."""
    row = connection.execute(
        "SELECT split_part(one, '=', 2) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, "
        "unnest(s.setconfig) AS one WHERE s.setrole = 0 AND d.datname = %s AND starts_with(one, %s)",
        [database, f"{MARK}="],
    ).fetchone()
    return str(row[0]) if row else None


def settle(target: Target, server: contract.Server, database: str | None) -> list[str]:
    """Tells every pooler if there is a mark, and takes it away when all have heard; returns who has not, and why.

    `database` None: whatever is marked concerns all databases (it stands with the maintenance database).
    """
    place = database or target.maintenance
    with target.open() as connection:
        since = marked(connection, place)
    if since is None:
        return []
    deaf = [f"{pooler}: {why}" for pooler in server.poolers if (why := tell(server, pooler, database))]
    if not deaf:
        _unmark(target, place, since)
    return deaf


def _unmark(target: Target, database: str, since: str) -> None:
    """Unless another run has marked it anew meanwhile; one that is about to holds the lock."""
    with session.lock(target), target.open() as connection:
        if marked(connection, database) == since:
            connection.execute(q.text("ALTER DATABASE {} RESET {}", q.name(database), q.name(*MARK.split("."))))


def tell(server: contract.Server, pooler: contract.Endpoint, database: str | None) -> str | None:
    """RECONNECT of one database, or of all; why it failed, or None."""
    # The console's own quoting knows no quote inside a name; to reconnect the others too does no harm.
    named = database is not None and '"' not in database
    order = f'RECONNECT "{database}"' if named else "RECONNECT"
    words = {**server.conninfo(pooler, CONSOLE), "connect_timeout": CONNECT_LIMIT_S}
    try:
        with psycopg.connect(**words, autocommit=True) as console:
            complaint = _ordered(console, order)
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return None if complaint is None or UNKNOWN in complaint else complaint


def _ordered(console: psycopg.Connection[Any], order: str) -> str | None:
    """What the console says against an order; it knows no protocol but simple queries."""
    pgconn, end = console.pgconn, time.monotonic() + ANSWER_LIMIT_S
    pgconn.send_query(order.encode())
    pgconn.flush()
    complaint = None
    while True:
        while pgconn.is_busy():
            if not select.select([pgconn.socket], [], [], max(0.0, end - time.monotonic()))[0]:
                console.close()
                return f"did not answer {order} within {ANSWER_LIMIT_S:g} s"
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            return complaint
        if result.status != pq.ExecStatus.COMMAND_OK:
            complaint = result.error_message.decode(errors="replace").strip()


def warnings(deaf: Iterable[str]) -> Iterator[str]:
    """What a person should know of poolers that could not be told."""
    for one in deaf:
        yield (
            f"warning: pooler {one}; until it is told to RECONNECT its sessions may keep settings from before, and "
            "prepared statements may fail. The next up tells it again"
        )
