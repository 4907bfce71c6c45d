"""What `status` and `up` show at their end: pure, data in, tables out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tools.driver.status import STANDBY_LEADER, Report

ROUTES = {
    "writer": "reads and writes, direct",
    "reader": "replicas, direct",
    "pooled": "reads and writes, through PgBouncer",
    "pooled_reader": "replicas, through PgBouncer",
}
NEXT = (
    ("make urls", "connection URLs of each login role, passwords included (JSON)"),
    ("make psql", "psql as the administrator; ROLE=, DB= for others"),
    ("make status", "who is primary, who lags, what is down"),
    ("make down", "stop and remove everything"),
)


def report(found: Report) -> RenderableType:
    """Members, etcd nodes and routes, and a last line that sums them up."""
    members = table("member", "role", "state", "timeline", "lag", "port", "supervisor")
    for each in found.members:
        lag = "" if each.lag is None else f"{each.lag} B"
        members.add_row(
            each.name, each.role, each.state, str(each.timeline or ""), lag, str(each.port), each.supervisor
        )
    nodes = table("etcd", "health", "port", "supervisor")
    for node in found.etcd:
        nodes.add_row(node.name, "healthy" if node.healthy else "no answer", str(node.port), node.supervisor)
    # without etcd, the Kubernetes API keeps the lease
    store: list[RenderableType] = [nodes, Text()] if found.etcd else []
    routes = table("gateway", "port", "state", "for")
    for name, port in found.gateway.ports.items():
        routes.add_row(name, str(port), "open" if found.gateway.open[name] else "closed", ROUTES[name])
    standby = any(each.role == STANDBY_LEADER for each in found.members)
    writers = "it follows another one, and takes no writes" if standby else f"writers go to {found.gateway.leader}"
    return Group(members, Text(), *store, routes, Text(), verdict(found.scope, writers, found.faults))


def verdict(scope: str, writers: str, faults: Sequence[str]) -> Text:
    """The last line of a report: all faults, or that there is none, and what becomes of `writers`."""
    if faults:
        return Text("; ".join(faults), style="bold red")
    return Text(f"cluster {scope} is whole; {writers}", style="green")


def arrival(endpoints: Mapping[str, str], urls: Sequence[Mapping[str, Any]]) -> RenderableType:
    """What a person needs after `up`: where to connect, which databases there are, what to type next."""
    where = table("endpoint", "address", "for")
    for name, address in endpoints.items():
        where.add_row(name, address, ROUTES.get(name, ""))
    databases = table("database", "login roles")
    by_database: dict[str, list[str]] = {}
    for url in urls:
        by_database.setdefault(str(url["database"]), []).append(str(url["role"]))
    for database, roles in sorted(by_database.items()):
        databases.add_row(database, ", ".join(sorted(set(roles))))
    what = table("next", "")
    for command, meaning in NEXT:
        what.add_row(command, meaning)
    return Group(Text(), where, Text(), databases, Text(), what)


def table(*columns: str) -> Table:
    """An empty one; the last column alone may be folded."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    for column in columns[:-1]:
        made.add_column(column, no_wrap=True)
    made.add_column(columns[-1], overflow="fold")
    return made
