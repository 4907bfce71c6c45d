"""Sessions with the server: how they are opened, the one lock that all runs share, and what is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from components.access import failures
from components.reach import (
    AuthoritiesError,
    RouteError,
    SecretError,
    Way,
    authorities,
    identity_files,
    open_route,
    password,
    unusable,
)

if TYPE_CHECKING:
    from components import contract

Connection = psycopg.Connection[Any]
T = TypeVar("T")

# Advisory locks are per database, so every run takes this one in the maintenance database, whatever it works on.
LOCK = 0x706F7374_61636373  # "post" "accs"
LOCK_WAIT_S = 300
STATEMENT_LIMIT_S = 900
TABLE_LOCK_LIMIT_S = 10
RETRY_FOR_S = 90
CONNECT_LIMIT_S = 10


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server, as libpq's keywords of a session in its maintenance database. Never printed: may hold a password."""

    words: dict[str, Any] = field(repr=False)
    maintenance: str = "postgres"
    way: Way | None = field(default=None, repr=False)

    @staticmethod
    def of(server: contract.Server) -> Target:
        """A platform's server that is reached directly, by its writer."""
        return Target(words=server.conninfo(), maintenance=server.database)

    @staticmethod
    def at(url: str) -> Target:
        """Any server, by URL; the URL's database (default: postgres) is where the lock is taken."""
        words = dict(conninfo_to_dict(url))
        return Target(words=words, maintenance=str(words.get("dbname") or "postgres"))

    def open(self, database: str | None = None, *, autocommit: bool = False) -> Connection:
        """A new session, in UTC and with search_path = pg_catalog, so that reads print alike whoever asks."""
        words = {"connect_timeout": CONNECT_LIMIT_S, **self.words, "dbname": database or self.maintenance}
        words.setdefault("application_name", "postgres-platform")
        # Reads of the catalogue are short and many-joined: to compile them takes longer than to run them.
        options = "-c search_path=pg_catalog -c timezone=UTC -c datestyle=ISO -c client_min_messages=warning -c jit=off"
        words["options"] = f"{words.get('options') or ''} {options}".strip()
        try:
            return psycopg.connect(**words | self.carried(), autocommit=autocommit)
        except psycopg.OperationalError as error:
            if (
                not (self.way and self.way.carries)
                or isinstance(error, NoRouteError)
                or not failures.unreachable(error)
            ):
                raise
        # What carried the session may lead to a pod that is gone; then a new one may not.
        self.way.renew()
        return psycopg.connect(**words | self.carried(), autocommit=autocommit)

    def carried(self) -> dict[str, Any]:
        """What libpq has to be told of the way, now; raises NoRouteError."""
        try:
            return self.way.words() if self.way else {}
        except RouteError as error:
            raise NoRouteError(str(error)) from None


class NoRouteError(psycopg.OperationalError):
    """There is no way to the server at the moment; for whoever asks the same as a server that is not there."""


@contextmanager
def reached(server: contract.Server, identity: Mapping[str, str] | None = None) -> Iterator[Target]:
    """A platform's server, by whatever route leads there. `identity` is the administrator's, as PEM, if in no file.

    {} stands for an identity that is yet to be made: the server is then as good as not there.
    """
    blocked = unusable(identity)
    with (
        open_route(server.route, server.writer, blocked) as way,
        identity_files(None if blocked else identity) as files,
    ):
        brought = {} if blocked else _brought(server)
        yield Target(words=server.conninfo() | files | brought, maintenance=server.database, way=way)


def _brought(server: contract.Server) -> dict[str, str]:
    """What lies neither in a file of ours nor in a state: the password, and whom to trust."""
    try:
        trusted = {"sslrootcert": authorities(server.authorities)} if server.authorities else {}
        return trusted | ({"password": password(server.admin.secret)} if server.admin.secret else {})
    except (AuthoritiesError, SecretError) as why:
        raise failures.AccessError(str(why)) from None


@dataclass(frozen=True, kw_only=True)
class Held:
    """The lock. Its session sees what others commit, and may only be read by: a commit would let go of the lock."""

    connection: Connection

    def check(self) -> None:
        """Raises where the lock is lost; to be called before a commit."""
        self.connection.execute("SELECT 1")


@contextmanager
def lock(target: Target) -> Iterator[Held]:
    """Holds the one lock for the duration."""
    with target.open() as connection:
        connection.execute(
            f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'; SET LOCAL idle_in_transaction_session_timeout = 0"
        )
        try:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        except psycopg.errors.LockNotAvailable:
            connection.rollback()
            raise failures.AccessError(
                f"another run has held the access lock for {LOCK_WAIT_S} s ({_holder(connection)}); "
                "wait for it to end, or end that session, and run again"
            ) from None
        yield Held(connection=connection)


def _holder(connection: Connection) -> str:
    row = connection.execute(
        "SELECT format('process %%s of %%s, since %%s', a.pid, a.usename, a.xact_start) FROM pg_locks l "
        "JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted "
        "AND (l.classid::bigint << 32 | l.objid::bigint) = %s",
        [LOCK],
    ).fetchone()
    return str(row[0]) if row else "its session just ended"


def limits(connection: Connection) -> None:
    """Puts limits on the transaction: nobody waits behind us for long."""
    connection.execute(
        f"SET LOCAL lock_timeout = '{TABLE_LOCK_LIMIT_S}s'; SET LOCAL statement_timeout = '{STATEMENT_LIMIT_S}s'; "
        "SET LOCAL idle_in_transaction_session_timeout = 0"
    )


def retried(work: Callable[[], T], report: Callable[[str], None] = lambda _: None, within: float = RETRY_FOR_S) -> T:
    """`work`, again from its beginning after trouble that passes (a failover, a deadlock); within a time limit.

    `work` must read afresh each time: what is there may have changed.
    """
    end, pause = time.monotonic() + within, 0.2
    while True:
        try:
            return work()
        except (psycopg.Error, failures.PassingError) as error:
            if not failures.passes(error) or time.monotonic() + pause > end:
                raise
            report(f"{failures.sentence(error)}; trying again")
        time.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311  # spreads runs out, decides nothing
        pause = min(pause * 1.6, 5)
