"""The databases of a stack in AWS's own words, what is not as it should be with each, and what waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.rds import arguments_cluster
from components.rds.arguments import is_protected, region, replica_region
from components.settings.model import Settings
from components.settings.rds.replicas import identifier, replica_identifier, replicas

Found = Mapping[str, Any]  # as AWS describes an instance or a cluster
Measured = Mapping[tuple[str, str], float]  # (identifier, metric) -> its last value

PRIMARY, REPLICA, PROMOTED, WRITER, READER = "primary", "replica", "promoted", "writer", "reader"
WRITES, READS = (PRIMARY, WRITER), (REPLICA, READER)
ABSENT, REPLICATING, IN_FORCE, BEHIND = "not there", "replicating", ("in-sync", "applying"), "pending-reboot"
GIB = 1024**3
# In these a database serves as ever; of any other AWS does not say so.
SERVING = frozenset(
    {
        "available",
        "backing-up",
        "configuring-enhanced-monitoring",
        "configuring-iam-database-auth",
        "configuring-log-exports",
        "storage-config-upgrade",
        "storage-initialization",
        "storage-optimization",
    }
)
ADVICE = {
    "storage-full": "raise rds.storage.size and rds.storage.max, for nothing can be written",
    "incompatible-parameters": "mend `parameters` and reboot it, for it does not start with these",
    "inaccessible-encryption-credentials": "its key cannot be used, and only a restore brings it back",
    "inaccessible-encryption-credentials-recoverable": "enable its key again, then start it",
    "insufficient-capacity": "AWS has no room for its class there",
    "stopped": "`aws rds start-db-instance` or `start-db-cluster` starts it",
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the settings ask of one database. `follows`: it has to be somebody's replica."""

    name: str
    region: str
    role: str
    follows: bool = False
    standby: bool = False
    protected: bool = False


@dataclass(frozen=True, kw_only=True)
class Storage:
    """GiB. `ceiling` None: it does not grow by itself; `free` None: nobody measured it."""

    allocated: int
    type: str
    ceiling: int | None = None
    free: float | None = None


@dataclass(frozen=True, kw_only=True)
class MemberState:
    """`status`, `replication` and `parameters` (of its group) in AWS's words; `lag` in seconds. None: nobody knows.

    `standby_zone` is where the copy of a Multi-AZ instance is; `protected` is AWS's deletion protection.
    """

    name: str
    region: str
    role: str
    status: str
    replication: str | None = None
    normal: bool = True
    lag: float | None = None
    zone: str | None = None
    standby_zone: str | None = None
    multi_az: bool = False
    instance_class: str | None = None
    version: str | None = None
    storage: Storage | None = None
    protected: bool = False
    parameters: str | None = None
    address: str | None = None

    @property
    def serves(self) -> bool:
        return self.status in SERVING


def wanted(settings: Settings) -> tuple[Wanted, ...]:
    """By the stack. A cluster's protection is its own, not its members'."""
    home = region(settings)
    if settings.rds.members_are_a_cluster:
        names = arguments_cluster.member_names(settings)
        return tuple(
            Wanted(name=name, region=home, role=READER if number else WRITER) for number, name in enumerate(names)
        )
    primary = Wanted(
        name=identifier(settings), region=home, role=PRIMARY,
        standby=settings.rds.multi_az, protected=settings.rds.protection,
    )  # fmt: skip
    followers = (
        Wanted(
            name=replica_identifier(settings, one), region=replica_region(settings, one),
            role=PROMOTED if one.promote else REPLICA, follows=not one.promote,
            standby=one.multi_az, protected=is_protected(settings, one),
        )
        for one in replicas(settings)
    )  # fmt: skip
    return (primary, *followers)


def roles(cluster: Found | None, found: Iterable[Found], primary: str) -> dict[str, str]:
    """Identifier -> role as AWS has it now, whatever the settings say."""
    if cluster is not None:
        return {
            one["DBInstanceIdentifier"]: WRITER if one["IsClusterWriter"] else READER
            for one in cluster.get("DBClusterMembers", ())
        }
    return {name: _role(one, name == primary) for one in found for name in (one["DBInstanceIdentifier"],)}


def _role(found: Found, primary: bool) -> str:
    if found.get("ReadReplicaSourceDBInstanceIdentifier") or found.get("ReadReplicaSourceDBClusterIdentifier"):
        return REPLICA
    return PRIMARY if primary else PROMOTED


def member(found: Found, where: str, role: str, group: str | None, measured: Measured) -> MemberState:
    """One database. `group` is the state of its cluster's parameter group, where it is in a cluster."""
    name = found["DBInstanceIdentifier"]
    told: Found = next((one for one in found.get("StatusInfos", ()) if "replication" in one.get("StatusType", "")), {})
    groups = [one.get("ParameterApplyStatus", "") for one in found.get("DBParameterGroups", ())]
    groups += [group] if group else []
    lag = measured.get((name, "ReplicaLag"))
    return MemberState(
        name=name,
        region=where,
        role=role,
        status=found.get("DBInstanceStatus", "unknown"),
        replication=_words(told),
        normal=bool(told.get("Normal", True)),
        lag=lag if role in READS and lag is not None and lag >= 0 else None,  # -1: PostgreSQL does not know either
        zone=found.get("AvailabilityZone"),
        standby_zone=found.get("SecondaryAvailabilityZone"),
        multi_az=bool(found.get("MultiAZ")),
        instance_class=found.get("DBInstanceClass"),
        version=found.get("EngineVersion"),
        storage=storage(found, measured.get((name, "FreeStorageSpace"))),
        protected=bool(found.get("DeletionProtection")),
        parameters=next((one for one in groups if one not in IN_FORCE), groups[0] if groups else None),
        address=_address(found.get("Endpoint") or {}),
    )


def _words(told: Found) -> str | None:
    return " ".join(filter(None, (told.get("Status"), told.get("Message")))) or None


def _address(end: Found) -> str | None:
    return f"{end['Address']}:{end['Port']}" if end.get("Address") else None


def storage(found: Found, free: float | None = None) -> Storage | None:
    """None for Aurora, whose storage is the cluster's and has no size. `free` in bytes."""
    if str(found.get("Engine", "")).startswith("aurora"):
        return None
    return Storage(
        allocated=int(found.get("AllocatedStorage", 0)),
        type=str(found.get("StorageType", "")),
        ceiling=found.get("MaxAllocatedStorage") or None,
        free=None if free is None else round(free / GIB, 1),
    )


def absent(one: Wanted) -> MemberState:
    return MemberState(name=one.name, region=one.region, role=one.role, status=ABSENT)


def faults(state: MemberState, asked: Wanted | None) -> Iterator[str]:
    """What is not as it should be; `asked` None: the settings do not know it."""
    if not state.serves:
        yield unavailable(state.name, state.status)
    if state.status == ABSENT:
        return
    if state.replication is not None and (not state.normal or state.replication != REPLICATING):
        yield f"{state.name} does not replicate: {state.replication}"
    if state.parameters == BEHIND:
        yield f"{state.name} waits for a reboot: parameters that were changed are not in force"
    elif state.parameters is not None and state.parameters not in IN_FORCE:
        yield f"the parameter group of {state.name} is {state.parameters}"
    if asked is not None:
        yield from _unlike(state, asked)


def unavailable(name: str, status: str) -> str:
    """Of a database or a cluster."""
    advice = ADVICE.get(status)
    return f"{name} is {status}" + (f": {advice}" if advice else "")


def _unlike(state: MemberState, asked: Wanted) -> Iterator[str]:
    if asked.follows and state.role != REPLICA:
        yield f"{state.name} follows nobody, though the stack says that it is a replica"
    if asked.standby and not state.multi_az:
        yield f"{state.name} has no standby in another zone, though the stack says multi_az"
    if asked.protected and not state.protected:
        yield f"{state.name} is not protected against deletion, though the stack says so (rds.protection)"


def pending(name: str, found: Found) -> Iterator[str]:
    """What was ordered and is not done: old value -> new value, in AWS's words, and when."""
    status = found.get("DBInstanceStatus") or found.get("Status")
    window = found.get("PreferredMaintenanceWindow", "")
    when = "now" if status == "modifying" else f"in the maintenance window ({window})"
    for word, value in sorted((found.get("PendingModifiedValues") or {}).items()):
        change = "changed" if "Password" in word else f"{_plain(found.get(word))} -> {_plain(value)}"
        yield f"{name}: {word}: {change}: {when}"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in sorted(value.items()))
    if isinstance(value, list | tuple):
        return ", ".join(_plain(one) for one in value) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "(none)" if value is None else str(value)


def maintenance(actions: Iterable[Found], names: Iterable[str]) -> Iterator[str]:
    """What AWS wants to do to these by itself, and when."""
    known = set(names)
    for one in actions:
        name = str(one["ResourceIdentifier"]).rpartition(":")[2]
        if name not in known:
            continue
        for action in one.get("PendingMaintenanceActionDetails", ()):
            at = action.get("CurrentApplyDate") or action.get("ForcedApplyDate")
            when = f"on {at:%Y-%m-%d %H:%M} UTC" if at else "when somebody says so, or AWS has to"
            said = f" ({action['Description']})" if action.get("Description") else ""
            yield f"{name}: maintenance {action.get('Action', 'unknown')}{said}: {when}"
