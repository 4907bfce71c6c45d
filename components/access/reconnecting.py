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
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq

from components.access import quoting as q
from components.access import session
from components.access.model import Access, Phase, Plan
from components.access.session import Connection, Target
from components.reach import RouteError, open_route

if TYPE_CHECKING:
    from components import contract

MARK = "postgres_platform.reconnect"
CONSOLE = "pgbouncer"  # the database by which PgBouncer takes orders
CONNECT_LIMIT_S = 5
ANSWER_LIMIT_S = 5.0
TOGETHER = 4
UNKNOWN = "no such database"  # nobody has asked the pooler for it yet, so it holds no session there


def after_changes(plan: Plan, actual: Access, *, scripts: bool) -> bool:
    """Whether a change of a database leaves stale sessions.

    Rights and row policies hold for open sessions at once; what scripts and extensions change may not. Where there was
    no object yet, nobody has prepared a statement for one.
    """
    anything = any(item.kind not in ("database", "schema") for item in actual.owners)
    return anything and (scripts or bool(plan.of(Phase.STRUCTURE)))


def mark(connection: Connection, *databases: str) -> None:
    """Part of the caller's transaction: the poolers' sessions in these will be stale once it commits.

    A database that is not there yet has no sessions.
    """
    if not databases:
        return
    there = connection.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [list(databases)])
    now, name = datetime.now(UTC).isoformat(), q.name(*MARK.split("."))
    for (database,) in sorted(there.fetchall()):
        connection.execute(q.text("ALTER DATABASE {} SET {} TO {}", q.name(database), name, q.value(now)))


def marked(connection: Connection, *databases: str) -> dict[str, str]:
    """Databases whose sessions poolers have to be told of, and since when."""
    rows = connection.execute(
        "SELECT d.datname, split_part(one, '=', 2) FROM pg_db_role_setting s "
        "JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS one "
        "WHERE s.setrole = 0 AND d.datname = ANY(%s) AND starts_with(one, %s)",
        [list(databases), f"{MARK}="],
    )
    return dict(rows.fetchall())


def settle(target: Target, server: contract.Server, databases: Iterable[str]) -> list[str]:
    """Tells every pooler of marked databases, and takes the mark away when all have heard; who has not, and why."""
    with target.open() as connection:
        since = marked(connection, *databases)
    deaf: list[str] = []
    for database in sorted(since):
        with ThreadPoolExecutor(TOGETHER) as together:  # a way to each takes a second to open
            silent = [
                why for one in together.map(partial(_told, target, server, database), server.poolers) for why in one
            ]
        if not silent:
            _unmark(target, database, since[database])
        deaf += silent
    return deaf


def _told(target: Target, server: contract.Server, database: str, pooler: contract.Endpoint) -> list[str]:
    """Who behind this console has not heard, and why; one that has gone meanwhile took its sessions along."""
    from components.reach.behind import behind  # here, because only pods stand behind a console

    try:
        silent = {
            one: why for one in behind(server.pods, pooler) if (why := tell(target, server, pooler, one, database))
        }
        left = behind(server.pods, pooler) if silent else []
    except RouteError as error:
        return [f"{pooler}: {error}"]
    return [f"{one}: {why}" for one, why in silent.items() if one in left]


def _unmark(target: Target, database: str, since: str) -> None:
    """Unless another run has marked it anew meanwhile; one that is about to holds the lock."""
    with session.lock(target), target.open() as connection:
        if marked(connection, database).get(database) == since:
            connection.execute(q.text("ALTER DATABASE {} RESET {}", q.name(database), q.name(*MARK.split("."))))


def tell(
    target: Target, server: contract.Server, pooler: contract.Endpoint, at: contract.Endpoint, database: str
) -> str | None:
    """RECONNECT of one database, at one of those that the console stands for; why it failed, or None."""
    # The console's own quoting knows no quote inside a name; to reconnect the others too does no harm.
    order = "RECONNECT" if '"' in database else f'RECONNECT "{database}"'
    words = {**target.words, "host": pooler.host, "port": pooler.port, "dbname": CONSOLE}
    try:
        with (
            open_route(server.pods, at) as way,
            psycopg.connect(**words | {"connect_timeout": CONNECT_LIMIT_S} | way.words(), autocommit=True) as console,
        ):
            complaint = _ordered(console, order)
    except (psycopg.Error, RouteError) as error:
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
