"""What `status` shows of a stack on RDS: pure, data in, tables out."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tools.driver.rds.members import READER, WRITER, WRITES, MemberState, Storage
from tools.driver.rds.pooler import NAMES, PoolerState
from tools.driver.rds.report import ClusterState, Report
from tools.driver.tables import ROUTES, table, verdict


def report(found: Report) -> RenderableType:
    """Members, what they run on, the pooler, the way in, what is to come, and a last line that sums it all up."""
    parts: list[RenderableType] = [_states(found.members), _machines(found.cluster, found.members)]
    if found.pooler is not None:
        parts.append(_pooler(found.pooler))
    parts.append(_ways(found))
    for title, lines in (("waits", found.waiting), ("note", found.notes)):
        if lines:
            parts.append(_lines(title, lines))
    return Group(*_apart(parts), verdict(found.scope, f"writers go to {_writer(found)}", found.faults))


def _states(members: tuple[MemberState, ...]) -> Table:
    rows = table("member", "role", "status", "lag", "region", "zone", "standby in")
    for one in members:
        status = ", ".join(filter(None, (one.status, one.replication)))
        lag = "" if one.lag is None else f"{one.lag:.3g} s"
        # A cluster's members are each other's standby.
        standby = one.standby_zone or ("another zone" if one.multi_az and one.role not in (READER, WRITER) else "")
        rows.add_row(one.name, one.role, status, lag, one.region, one.zone or "", standby)
    return rows


def _machines(cluster: ClusterState | None, members: tuple[MemberState, ...]) -> Table:
    rows = table("runs on", "class", "PostgreSQL", "storage", "parameters", "deletion protection")
    if cluster is not None:
        storage, protected = _storage(cluster.storage), _switch(cluster.protected)
        rows.add_row(f"{cluster.name} ({cluster.status})", "cluster", cluster.version, storage, "", protected)
    for one in members:
        protected = "" if cluster is not None else _switch(one.protected)
        rows.add_row(
            one.name,
            one.instance_class or "",
            one.version or "",
            _storage(one.storage),
            one.parameters or "",
            protected,
        )
    return rows


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _storage(found: Storage | None) -> str:
    if found is None:
        return ""
    free = "" if found.free is None else f", {found.free:g} free"
    grows = f", grows to {found.ceiling}" if found.ceiling and found.ceiling > found.allocated else ""
    return f"{found.allocated} GiB {found.type}{free}{grows}"


def _pooler(found: PoolerState) -> Table:
    rows = table("pooler", "status", "tasks", "rollout", "by")
    tasks = "" if found.desired is None else f"{found.running} of {found.desired} running, {found.pending} pending"
    rows.add_row(found.name, found.status, tasks, found.rollout or "", found.kind)
    return rows


def _ways(found: Report) -> Table:
    rows = table("way in", "address", "state", "for")
    kind = found.pooler.kind if found.pooler else ""
    for way in found.ways:
        state = "open" if way.open else "closed"
        what = ROUTES[way.name].replace(NAMES["pgbouncer"], kind)
        rows.add_row(way.name, way.address, f"{state}, {way.told}" if way.told else state, what)
    rows.add_row("(this program)", found.reach, "", "access rules, psql")
    return rows


def _lines(title: str, lines: tuple[str, ...]) -> RenderableType:
    return Group(Text(title, style="bold"), *(Text(line) for line in lines))


def _apart(parts: list[RenderableType]) -> Iterator[RenderableType]:
    for part in parts:
        yield part
        yield Text()


def _writer(found: Report) -> str:
    one = next((one for one in found.members if one.role in WRITES), None)
    return f"{one.name} in {one.zone}" if one else ""
