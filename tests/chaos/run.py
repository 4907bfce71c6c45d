"""Runs the faults one after the other under the writers, and audits at the end."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence

from psycopg import sql

from tests.chaos.cluster import Cluster
from tests.chaos.faults import FAULTS
from tests.chaos.report import Audit, Outages
from tests.chaos.writer import Writer

ROUTES = {"pooled": "pooled", "direct": "writer"}
_DATABASE = _ROLE = "chaos"


@contextlib.contextmanager
def database(cluster: Cluster) -> Iterator[str]:
    """A database and a login of the suite's own; hands out the password and drops both at the end."""
    password = secrets.token_urlsafe(24)
    drop(cluster)
    with contextlib.closing(cluster.admin()) as admin:
        admin.execute(sql.SQL("CREATE ROLE chaos LOGIN PASSWORD {}").format(sql.Literal(password)))
        admin.execute("CREATE DATABASE chaos OWNER chaos")
    with contextlib.closing(cluster.admin(database=_DATABASE)) as admin:
        admin.execute("CREATE TABLE acknowledged (route text NOT NULL, id bigint NOT NULL, PRIMARY KEY (route, id))")
        admin.execute("GRANT SELECT, INSERT ON acknowledged TO chaos")
    try:
        yield password
    finally:
        drop(cluster)


def drop(cluster: Cluster) -> None:
    with contextlib.closing(cluster.admin()) as admin:
        admin.execute("DROP DATABASE IF EXISTS chaos WITH (FORCE)")
        admin.execute("DROP ROLE IF EXISTS chaos")


def writers(cluster: Cluster, password: str) -> list[Writer]:
    """One writer per route, not started."""
    made = []
    for name, route in ROUTES.items():
        host, port = cluster.address(route)
        words = {
            "host": host,
            "port": port,
            "dbname": _DATABASE,
            "user": _ROLE,
            "password": password,
            "sslmode": "verify-full",
            "sslrootcert": str(cluster.path(cluster.plain["ca"])),
            "application_name": f"chaos {name}",
            "connect_timeout": 10,
        }
        made.append(Writer(name, words))
    return made


def event(cluster: Cluster, fault: str, running: Sequence[Writer], limit: float) -> dict[str, tuple[float, int]]:
    """Does one fault; returns each route's outage in seconds and errors, once the cluster is whole again."""
    cluster.wait_whole(limit)
    wait_flowing(running, time.monotonic(), limit)
    time.sleep(0.5)
    began = time.monotonic()
    heal = FAULTS[fault](cluster)
    after = time.monotonic()
    try:
        time.sleep(1.0)
        wait_flowing(running, after + 1.0, limit)
    finally:
        if heal is not None:
            heal()
    cluster.wait_whole(limit)
    wait_flowing(running, time.monotonic(), limit)
    return {writer.route: (writer.outage(began), writer.errors_since(began)) for writer in running}


def wait_flowing(running: Sequence[Writer], since: float, limit: float) -> None:
    """Until each writer has had a row acknowledged after `since`."""
    deadline = time.monotonic() + limit
    while any(writer.last() <= since for writer in running):
        if time.monotonic() > deadline:
            stuck = [
                f"{writer.route} ({writer.errors[-1][1] if writer.errors else 'no error'})"
                for writer in running
                if writer.last() <= since
            ]
            raise TimeoutError(f"no write was acknowledged within {limit:g} s: {', '.join(stuck)}")
        time.sleep(0.02)


def audit(cluster: Cluster, stopped: Sequence[Writer]) -> Audit:
    """Compares what was acknowledged with what is there."""
    with contextlib.closing(cluster.admin(database=_DATABASE)) as admin:
        there = set(admin.execute("SELECT route, id FROM acknowledged").fetchall())
    told = [(writer.route, number) for writer in stopped for number, _ in writer.acknowledged]
    return Audit(len(told), [row for row in told if row not in there])


def run(
    cluster: Cluster, faults: Sequence[str], count: int, limit: float, tell: Callable[[str], None]
) -> tuple[Outages, Audit]:
    """`count` events of each fault; returns the outages and the audit."""
    outages = Outages()
    cluster.wait_whole(limit)
    with database(cluster) as password:
        running = writers(cluster, password)
        for writer in running:
            writer.start()
        try:
            for fault in faults:
                for number in range(count):
                    seconds = event(cluster, fault, running, limit)
                    for route, (value, errors) in seconds.items():
                        outages.add(fault, route, value, errors)
                    shown = ", ".join(f"{route} {value:.2f} s" for route, (value, _) in seconds.items())
                    tell(f"{fault} {number + 1}/{count}: {shown}")
        finally:
            for writer in running:
                writer.stop()
        return outages, audit(cluster, running)
