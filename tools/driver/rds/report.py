"""The whole report, from AWS's answers and the stack's settings. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from components.rds.arguments import region, replica_region
from components.settings.model import Settings
from components.settings.rds.replicas import identifier, replica_identifier, replicas
from tools.driver.rds import members, pooler
from tools.driver.rds.members import READS, WRITES, Found, MemberState, Storage, Wanted
from tools.driver.rds.pooler import Front, PoolerState


@dataclass(frozen=True, kw_only=True)
class Told:
    """AWS's answers. `instances` by region; `unknown` are answers without which nobody can call the stack whole,
    `missed` those that are only of interest.
    """

    instances: Mapping[str, Sequence[Found]]
    cluster: Found | None = None
    actions: Sequence[Found] = ()
    measured: Mapping[tuple[str, str], float] = field(default_factory=dict)
    front: Front | None = None
    unknown: Sequence[str] = ()
    missed: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ClusterState:
    """A Multi-AZ DB cluster, or Aurora's; its members are beside it."""

    name: str
    status: str
    version: str
    storage: Storage | None
    protected: bool
    writer: str
    reader: str


@dataclass(frozen=True, kw_only=True)
class Way:
    """Where one kind of session is served; `open` by AWS's word, not by a try from here."""

    name: str
    address: str
    open: bool
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """`waiting` are changes and maintenance that are to come, `notes` what is worth knowing and no fault. `reach` is
    how this program itself gets to the databases.
    """

    scope: str
    topology: str
    region: str
    cluster: ClusterState | None
    members: tuple[MemberState, ...]
    pooler: PoolerState | None
    ways: tuple[Way, ...]
    reach: str
    waiting: tuple[str, ...]
    notes: tuple[str, ...]
    faults: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def is_up(told: Told) -> bool:
    """Is anything of the stack's databases there?"""
    return told.cluster is not None or any(told.instances.values())


def report(settings: Settings, told: Told) -> Report:
    """Everything that AWS said, and what is not as it should be."""
    wanted = members.wanted(settings)
    asked = {one.name: one for one in wanted if one.region in told.instances}
    found = tuple(_members(settings, told, asked))
    cluster = _cluster(told.cluster) if told.cluster else None
    front = pooler.state(settings, told.front) if told.front else None
    return Report(
        scope=identifier(settings),
        topology=settings.rds.topology,
        region=region(settings),
        cluster=cluster,
        members=found,
        pooler=front,
        ways=tuple(_ways(settings, cluster, found, front)),
        reach=_reach(settings),
        waiting=tuple(_waiting(told, found)),
        notes=(*_strangers(told, {one.name for one in wanted}), *told.missed),
        faults=(*told.unknown, *_faults(settings, told, cluster, found, asked, front)),
    )


def _members(settings: Settings, told: Told, asked: Mapping[str, Wanted]) -> Iterator[MemberState]:
    """Those that are there and those that should be: the stack's in its order, then the others."""
    listed = [(where, one) for where, several in told.instances.items() for one in several]
    roles = members.roles(told.cluster, [one for _, one in listed], identifier(settings))
    groups = {
        one["DBInstanceIdentifier"]: one.get("DBClusterParameterGroupStatus")
        for one in (told.cluster or {}).get("DBClusterMembers", ())
    }
    found = {
        name: members.member(one, where, roles.get(name, "unknown"), groups.get(name), told.measured)
        for where, one in listed
        for name in (one["DBInstanceIdentifier"],)
    }
    # AWS names the members of a Multi-AZ DB cluster, so there the number alone tells that one is missing.
    known = asked if settings.rds.topology != "cluster" else {}
    yield from (found.get(name) or members.absent(one) for name, one in known.items())
    yield from (one for name, one in sorted(found.items()) if name not in known)


def _cluster(found: Found) -> ClusterState:
    port = found.get("Port")
    return ClusterState(
        name=found["DBClusterIdentifier"],
        status=str(found.get("Status", "unknown")),
        version=str(found.get("EngineVersion", "")),
        storage=members.storage(found),
        protected=bool(found.get("DeletionProtection")),
        writer=f"{found.get('Endpoint')}:{port}",
        reader=f"{found.get('ReaderEndpoint')}:{port}",
    )


def _faults(
    settings: Settings,
    told: Told,
    cluster: ClusterState | None,
    found: Sequence[MemberState],
    asked: Mapping[str, Wanted],
    front: PoolerState | None,
) -> Iterator[str]:
    if settings.rds.members_are_a_cluster:
        yield from _of_cluster(settings, cluster, found, len(asked))
    for one in found:
        yield from members.faults(one, asked.get(one.name))
    if told.front is not None:
        yield from pooler.faults(settings.rds.pooler.kind, front)
        yield from [told.front.lack] if told.front.lack else []


def _of_cluster(
    settings: Settings, cluster: ClusterState | None, found: Sequence[MemberState], number: int
) -> Iterator[str]:
    if cluster is None:
        yield f"cluster {identifier(settings)} is {members.ABSENT}"
        return
    if cluster.status not in members.SERVING:
        yield members.unavailable(f"cluster {cluster.name}", cluster.status)
    if settings.rds.protection and not cluster.protected:
        yield f"cluster {cluster.name} is not protected against deletion, though the stack says so (rds.protection)"
    writers = sum(one.role == members.WRITER and one.status != members.ABSENT for one in found)
    if writers != 1:
        yield f"there are {writers} writers" if writers else "there is no writer"
    if settings.rds.topology == "cluster" and len(found) < number:
        yield f"there are {len(found)} of {number} members"


def _ways(
    settings: Settings, cluster: ClusterState | None, found: Sequence[MemberState], front: PoolerState | None
) -> Iterator[Way]:
    writes = [one for one in found if one.role in WRITES and one.address]
    reads = [one for one in found if one.role in READS and one.address]
    if cluster is not None:
        yield Way(name="writer", address=cluster.writer, open=_serves(writes))
        yield Way(name="reader", address=cluster.reader, open=_serves(reads or writes))
    elif writes:
        reader = _first_near(settings, reads) or writes[0]
        yield Way(name="writer", address=str(writes[0].address), open=writes[0].serves)
        yield Way(name="reader", address=str(reader.address), open=reader.serves)
    for end in front.ends if front else ():
        what = "tasks" if front and front.desired is not None else "targets"
        told = f"{end.healthy} of {end.targets} {what} healthy"
        yield Way(name=end.name, address=end.address, open=end.healthy > 0, told=told)


def _serves(several: Iterable[MemberState]) -> bool:
    return any(one.serves for one in several)


def _first_near(settings: Settings, reads: Sequence[MemberState]) -> MemberState | None:
    """The replica that the stack gives readers: the first one of its own region."""
    near = [
        replica_identifier(settings, one)
        for one in replicas(settings)
        if replica_region(settings, one) == region(settings) and not one.promote
    ]
    return next((one for one in reads if near and one.name == near[0]), None)


def _reach(settings: Settings) -> str:
    asked = settings.rds.reach
    if asked.by == "direct":
        return "directly"
    return f"by Session Manager through {asked.target or 'a task of the pooler'}"


def _waiting(told: Told, found: Sequence[MemberState]) -> Iterator[str]:
    names = [one.name for one in found]
    if told.cluster:
        names.append(told.cluster["DBClusterIdentifier"])
        yield from members.pending(told.cluster["DBClusterIdentifier"], told.cluster)
    for several in told.instances.values():
        for one in several:
            yield from members.pending(one["DBInstanceIdentifier"], one)
    yield from members.maintenance(told.actions, names)


def _strangers(told: Told, known: Collection[str]) -> Iterator[str]:
    """Replicas of ours that the stack does not know; in another region AWS says an ARN."""
    for several in told.instances.values():
        for one in several:
            for other in one.get("ReadReplicaDBInstanceIdentifiers", ()):
                name = str(other).rpartition(":")[2]
                if name not in known:
                    yield f"{name} follows {one['DBInstanceIdentifier']}, and the stack does not know it"
