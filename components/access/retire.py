"""Takes roles away for good: what they own goes to another role, in every database that depends on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from components.access import quoting as q
from components.access import session
from components.access.model import Hazard, Phase, Statement
from components.access.powers import Need
from components.access.retiring import Retiring
from components.access.session import Connection, Target


def changes(retired: Mapping[str, str], found: Mapping[str, Retiring]) -> Iterator[Statement]:
    """For each role that is still there: no new sessions, the old ones ended, REASSIGN and DROP OWNED, DROP ROLE."""
    for name in sorted(found):
        yield from _retire(name, retired[name], found[name])


def problems(found: Mapping[str, Retiring]) -> Iterator[str]:
    """What cannot be cleaned up."""
    for name, role in sorted(found.items()):
        for database in role.closed:
            yield f"role {name} cannot be retired: database {database} depends on it and allows no connections"


def run(
    target: Target,
    statements: Sequence[Statement],
    send: Callable[[Connection, Sequence[Statement]], None],
    still_locked: Callable[[], None],
) -> None:
    """One transaction a database. What was done is not found again, so a run that was cut off is just run again."""
    for database, group in groupby(statements, key=lambda one: one.database):
        with target.open(database or None) as connection:
            session.limits(connection)
            send(connection, list(group))
            still_locked()


def _retire(name: str, to: str, role: Retiring) -> Iterator[Statement]:
    why = f"role {name} is retired"
    over, own = Need("administer", name), (Need("use", name), Need("use", to))
    if role.login:
        text = q.text("ALTER ROLE {} NOLOGIN", q.name(name))
        yield Statement(sql=text, why=f"{why}: no new sessions", phase=Phase.RETIRE, needs=(over,))
    if role.sessions:
        text = q.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {}", q.value(name))
        told = f"{why} and has {role.sessions} open sessions"
        yield Statement(sql=text, why=told, phase=Phase.RETIRE, hazard=Hazard.ENDS_SESSIONS, needs=own[:1])
    # What is no database's own (rights on databases, tablespaces, parameters) goes with any database's DROP OWNED.
    for database in role.databases or (("",) if role.shared else ()):
        give = q.text("REASSIGN OWNED BY {} TO {}", q.name(name), q.name(to))
        told = f"{why}: what it owns goes to {to}"
        yield Statement(sql=give, why=told, phase=Phase.RETIRE, database=database, needs=own)
        take = q.text("DROP OWNED BY {}", q.name(name))
        told = f"{why}: its rights and default privileges go"
        yield Statement(sql=take, why=told, phase=Phase.RETIRE, database=database, needs=own)
    yield Statement(sql=q.text("DROP ROLE {}", q.name(name)), why=why, phase=Phase.RETIRE, needs=(over,))
