"""Asks a server what would stop a major upgrade: read-only, with a limit on each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from components.access.session import Connection, Target
from components.settings.catalogue import rds_parameters
from components.upgrade.catalogue import LARGE_OBJECTS, Check, checks, given

LIMIT_S = 60
OWN_TO_RDS = "rdsadmin"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One object that stands in the way, or that has to be known of. `database` None: it concerns the whole server."""

    stops: bool
    database: str | None
    object: str
    why: str
    cure: str

    def __str__(self) -> str:
        where = f"{self.database}: " if self.database else ""
        return f"{where}{self.object} {self.why}; {self.cure}"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was found on a server of major `running`, in how many databases."""

    running: int
    databases: int
    faults: tuple[Fault, ...]

    @property
    def stopping(self) -> tuple[Fault, ...]:
        """Those with which the upgrade would fail."""
        return tuple(one for one in self.faults if one.stops)

    @property
    def told(self) -> tuple[Fault, ...]:
        """Those that a person should know of."""
        return tuple(one for one in self.faults if not one.stops)


def look(target: Target, old: int, new: int, large_objects: int = LARGE_OBJECTS) -> Seen:
    """Everything on the way from `old` to `new`; nothing where the server has arrived. Raises what psycopg raises."""
    asked = checks(old, new)
    words = given(old, new, rds_parameters.extensions(new), large_objects)
    with target.open(autocommit=True) as connection:
        running = connection.info.server_version // 10000
        if running >= new:
            return Seen(running=running, databases=0, faults=())
        names = _databases(connection)
        faults = list(_asked(connection, None, [one for one in asked if not one.each], words))
    for name in names:
        with target.open(name, autocommit=True) as connection:
            faults += _asked(connection, name, [one for one in asked if one.each], words)
    return Seen(running=running, databases=len(names), faults=tuple(faults))


def _databases(connection: Connection) -> list[str]:
    """Those that this login may look into; template1 is upgraded like any other."""
    rows = connection.execute(
        "SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2 AND datname <> %s "
        "AND has_database_privilege(oid, 'CONNECT') ORDER BY datname",
        [OWN_TO_RDS],
    ).fetchall()
    return [str(name) for (name,) in rows]


def _asked(
    connection: Connection, database: str | None, asked: Iterable[Check], words: dict[str, Any]
) -> Iterator[Fault]:
    connection.execute(f"SET statement_timeout = '{LIMIT_S}s'; SET default_transaction_read_only = on")
    for check in asked:
        for found, cure in connection.execute(check.sql, words | dict(check.given)).fetchall():
            yield Fault(stops=check.stops, database=database, object=found, why=check.why, cure=cure)
