"""Reads all of a server that a spec could speak of, and proves that the adopted spec changes nothing there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from components.access import adopt, adopt_text, inspect, preview, run_jobs, snapshot
from components.access.adopt import Adopted, Found, FoundDatabase
from components.access.failures import AccessError
from components.access.session import Target
from components.access.spec.load import loads
from components.access.spec.wording import unknown

_NOT_RULED = ("postgres_platform", "pgbouncer", "cron")  # this program's own, the platform's, pg_cron's


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proven:
    """The file's text, and the statements and problems that a plan of it still has: none, if all is well."""

    text: str
    left: tuple[str, ...]


def adopted(target: Target, databases: Iterable[str], *, roles: str | None, origin: str) -> Proven:
    """The spec of the server; a tenant's rule that turns out not to hold is told table by table instead."""
    found = read(target, databases)
    made = _proven(target, adopt.adopt(found, roles=roles), origin)
    return made if not made.left else _proven(target, adopt.adopt(found, roles=roles, template=False), origin)


def read(target: Target, databases: Iterable[str] = ()) -> Found:
    """The server; `databases` empty: each that takes sessions, the maintenance database only if something is in it."""
    with target.open() as connection:
        there = snapshot.ask(connection, "adopt_server")["adopt_server"]
        owners: dict[str, str] = there["databases"]
        chosen = list(databases) or sorted(owners)
        if wrong := [name for name in chosen if name not in owners]:
            raise AccessError("\n".join(unknown("database", name, owners) for name in wrong))
        cluster, _, server = inspect.cluster(connection, roles=there["roles"], databases=chosen)
    found = {name: _database(target, name, owners[name], server.cron_database) for name in chosen}
    if not list(databases):
        found = {name: each for name, each in found.items() if each.schemas or name != target.maintenance}
    return Found(server=server, cluster=cluster, databases=found)


def _database(target: Target, name: str, owner: str, home: str | None) -> FoundDatabase:
    with target.open(name) as connection:
        occupied: dict[str, bool] = snapshot.ask(connection, "adopt_schemas")["adopt_schemas"] or {}
        names = {schema for schema in occupied if schema not in _NOT_RULED}
        access, facts = inspect.database(connection, schemas={*names, "public"}, row_security=names)
    chosen = sorted(schema for schema in names if schema != "public" or occupied[schema])
    jobs = {}
    if home is not None:
        with target.open(home) as connection:
            jobs = run_jobs.scheduled(connection, name)
    return FoundDatabase(owner=owner, access=access, facts=facts, schemas=tuple(chosen), jobs=jobs)


def _proven(target: Target, made: Adopted, origin: str) -> Proven:
    text = adopt_text.text(made.plain, made.remarks, origin)
    spec = loads(text, "the adopted spec").spec
    parts = [preview.cluster(target, spec, {}, major=0)]
    parts += [preview.database(target, spec, name, [], major=0) for name in spec.databases]
    left = [line for part in parts for line in (*part.statements(), *part.problems)]
    return Proven(text=text, left=tuple(left))
