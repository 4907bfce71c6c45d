"""What goes into an RDS instance: the primary, and its read replicas. What other resources give comes in `Around`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from components.settings.model import Settings
from components.settings.rds.allowed import REPLACE
from components.settings.rds.exports import log_exports
from components.settings.rds.replicas import (
    identifier,
    managed_password,
    replica_identifier,
    replicas,
    zones_in_turn,
)
from components.settings.rds.topology import ReplicaSettings

ENGINE = "postgres"
WARNINGS = ("failure", "maintenance", "configuration change")
TIMEOUTS: Mapping[str, str] = {"create": "60m", "update": "120m", "delete": "60m"}
RESTORING = "240m"  # a point in time replays the WAL of up to a day
READ_WHEN_MADE = ("snapshotIdentifier", "restoreToPointInTime")

Arguments = dict[str, Any]
Kind = Literal["instance", "cluster", "member"]


@dataclass(frozen=True, kw_only=True)
class Around:
    """What stands around a database: values that are known once AWS has made them. None where there is none."""

    subnet_group: Any
    security_groups: Sequence[Any]
    parameter_group: Any
    final_snapshot: Any
    key: Any = None
    monitoring_role: Any = None
    password: Any = None


def given(arguments: Mapping[str, Any]) -> Arguments:
    """Without what was left open."""
    return {name: value for name, value in arguments.items() if value is not None}


def region(settings: Settings) -> str:
    """The stack's home region; the rules have seen that there is one."""
    return str(settings.rds.region)


def tags(settings: Settings) -> dict[str, str]:
    """The stack's own, and whom a resource belongs to."""
    owner = {"name": identifier(settings), "environment": settings.rds.environment, "managed-by": "pulumi"}
    return {**settings.rds.tags, **owner}


def engine_version(settings: Settings) -> str:
    """An exact pin, else the major alone: RDS takes its newest minor, and its own upgrades make no difference."""
    return settings.rds.engine_version or str(settings.known_major)


def lifecycle(settings: Settings) -> str:
    """AWS's default enrols in Extended Support, which is billed."""
    ending = "" if settings.rds.extended_support else "-disabled"
    return f"open-source-rds-extended-support{ending}"


def primary(settings: Settings, around: Around) -> Arguments:
    """The instance that writes, complete (see docs/architecture.md, the RDS platform)."""
    rds = settings.rds
    return given(
        {
            "identifier": identifier(settings),
            "engine": ENGINE,
            "engineVersion": engine_version(settings),
            "engineLifecycleSupport": lifecycle(settings),
            "allowMajorVersionUpgrade": rds.upgrade is not None,
            **_origin(settings),
            **_password(settings, around),
            "instanceClass": rds.instance_class,
            "allocatedStorage": rds.storage.size,
            "maxAllocatedStorage": rds.storage.ceiling or 0,
            "storageType": rds.storage.type or "gp3",
            "iops": rds.storage.iops,
            "storageThroughput": rds.storage.throughput,
            "storageEncrypted": True,
            "kmsKeyId": around.key,
            "port": rds.port,
            "multiAz": rds.multi_az,
            "availabilityZone": rds.availability_zone,
            "dbSubnetGroupName": around.subnet_group,
            **_shared(settings, around),
            "backupRetentionPeriod": rds.backup.retention,
            "backupWindow": rds.windows.backup,
            **_ending(settings, around),
            "blueGreenUpdate": {"enabled": True} if rds.blue_green else None,
        }
    )


def _origin(settings: Settings) -> Arguments:
    """An empty database with its user, or the data of another one, which brings both."""
    asked = settings.rds.restore
    if asked is None:
        return {"dbName": settings.rds.database, "username": settings.rds.username}
    return restored(settings, "sourceDbInstanceIdentifier", "restoreTime")


def restored(settings: Settings, source: str, moment: str) -> Arguments:
    """`snapshotIdentifier` or `restoreToPointInTime`; the names inside differ between instance and cluster."""
    asked = settings.rds.restore
    if asked is None or asked.point_in_time is None:
        return {"snapshotIdentifier": asked.snapshot if asked else None}
    point = asked.point_in_time
    when = {moment: point.time} if point.time else {"useLatestRestorableTime": True}
    whence = given({source: point.source, "sourceDbInstanceAutomatedBackupsArn": point.source_backup})
    return {"restoreToPointInTime": {**whence, **when}}


def _password(settings: Settings, around: Around) -> Arguments:
    if managed_password(settings):
        return {"manageMasterUserPassword": True, "masterUserSecretKmsKeyId": around.key}
    return {"passwordWo": around.password, "passwordWoVersion": settings.rds.credentials.version}


def _shared(settings: Settings, around: Around) -> Arguments:
    """What a primary and a replica have alike."""
    rds = settings.rds
    return {
        "vpcSecurityGroupIds": list(around.security_groups),
        "publiclyAccessible": rds.network.publicly_accessible,
        "networkType": rds.network.type,
        "iamDatabaseAuthenticationEnabled": rds.iam.enabled,
        "caCertIdentifier": rds.ca,
        "parameterGroupName": around.parameter_group,
        "maintenanceWindow": rds.windows.maintenance,
        "applyImmediately": rds.windows.apply_immediately,
        "autoMinorVersionUpgrade": rds.auto_minor_upgrade,
        "copyTagsToSnapshot": True,
        "deletionProtection": rds.protection,
        **monitoring(settings, around),
        "databaseInsightsMode": "advanced" if rds.monitoring.insights == "advanced" else "standard",
        "enabledCloudwatchLogsExports": log_exports(settings),
        "warningEventCategories": list(WARNINGS),
        "tags": tags(settings),
    }


def monitoring(settings: Settings, around: Around) -> Arguments:
    """Enhanced monitoring with its role, and Performance Insights."""
    interval = settings.rds.monitoring.interval
    return {
        "monitoringInterval": interval,
        "monitoringRoleArn": around.monitoring_role,
        **insights(settings, around),
    }


def insights(settings: Settings, around: Around) -> Arguments:
    """Performance Insights, what Database Insights is built on."""
    asked = settings.rds.monitoring
    watched = asked.insights != "off"
    return {
        "performanceInsightsEnabled": watched,
        "performanceInsightsRetentionPeriod": asked.insights_days if watched else None,
        "performanceInsightsKmsKeyId": around.key if watched else None,
    }


def _ending(settings: Settings, around: Around) -> Arguments:
    """The last snapshot has its name from the first `up`, since a name given at the end comes too late."""
    return {
        "deleteAutomatedBackups": not settings.rds.backup.keep_after_deletion,
        "skipFinalSnapshot": not settings.rds.final_snapshot,
        "finalSnapshotIdentifier": around.final_snapshot if settings.rds.final_snapshot else None,
    }


def source_region(settings: Settings, replica: ReplicaSettings) -> str:
    """Region of what a replica follows."""
    by_name = {one.name: one for one in replicas(settings)}
    followed = by_name.get(replica.source or "")
    return (followed.region if followed else None) or region(settings)


def replica_region(settings: Settings, replica: ReplicaSettings) -> str:
    """Its own, or the primary's."""
    return replica.region or region(settings)


def regions_abroad(settings: Settings) -> list[str]:
    """Other regions that hold replicas, sorted."""
    return sorted({one.region for one in replicas(settings) if one.region} - {settings.rds.region})


def is_elsewhere(settings: Settings, replica: ReplicaSettings) -> bool:
    """In another region than what it follows: then AWS wants an ARN, a subnet group and a key."""
    return replica_region(settings, replica) != source_region(settings, replica)


def has_followers(settings: Settings, replica: ReplicaSettings) -> bool:
    """A source needs backups of its own."""
    return any(other.source == replica.name for other in replicas(settings))


def is_protected(settings: Settings, replica: ReplicaSettings) -> bool:
    """By the one switch, which a single replica may be taken out of."""
    return settings.rds.protection and replica.protection


def replica(
    settings: Settings, asked: ReplicaSettings, around: Around, source: Any, retention: Any = None
) -> Arguments:
    """A read replica. `source` is what it follows; a promoted one follows nobody, and has backups of `retention` days.

    Engine, user, password and size come from the source: RDS refuses to be told.
    """
    rds, far, storage = settings.rds, is_elsewhere(settings, asked), asked.storage
    backups = rds.backup.retention if has_followers(settings, asked) else 0
    return given(
        {
            "identifier": replica_identifier(settings, asked),
            "replicateSourceDb": None if asked.promote else source,
            "instanceClass": asked.instance_class or rds.instance_class,
            "maxAllocatedStorage": (rds.storage.ceiling or 0) if storage.max is None else storage.max,
            "storageType": storage.type or rds.storage.type or "gp3",
            "iops": storage.iops or (rds.storage.iops if storage.type is None else None),
            "storageThroughput": storage.throughput or (rds.storage.throughput if storage.type is None else None),
            "storageEncrypted": True,
            "kmsKeyId": around.key if far else None,
            "port": rds.port,
            "multiAz": asked.multi_az,
            "availabilityZone": zones_in_turn(settings)[asked.name],
            "dbSubnetGroupName": around.subnet_group if far else None,
            **_shared(settings, around),
            "deletionProtection": is_protected(settings, asked),
            "backupRetentionPeriod": retention if asked.promote else backups,
            "backupWindow": rds.windows.backup if asked.promote or backups else None,
            **(_ending(settings, around) if asked.promote else {"skipFinalSnapshot": True}),
        }
    )


def timeouts(settings: Settings) -> Mapping[str, str]:
    """How long AWS may take before a run gives up; the next one goes on waiting."""
    return TIMEOUTS if settings.rds.restore is None else {**TIMEOUTS, "create": RESTORING}


FIRST_NAMES = {"instance": ("username", "dbName"), "cluster": ("masterUsername", "databaseName"), "member": ()}


def ignored_changes(settings: Settings, kind: Kind) -> list[str]:
    """Properties whose difference is none of a run's business.

    RDS upgrades minor versions itself, so a version counts only when it is pinned or an upgrade is said. What a
    database was restored from is read once; a cluster's zones, once chosen, are its own. Its first user and database
    are compared by the rules of `changes`.
    """
    rds = settings.rds
    version = [] if rds.upgrade or rds.engine_version else ["engineVersion"]
    restored_once = [] if kind == "member" else READ_WHEN_MADE
    chosen = ["availabilityZones"] if kind == "cluster" else []
    named_once = () if REPLACE in settings.allow else FIRST_NAMES[kind]
    return [*version, *restored_once, *named_once, *chosen]


def ignored_in_replicas(settings: Settings) -> list[str]:
    """While an upgrade is said they stay with the group they have: RDS upgrades them along with their source, which
    may wait for the window, and refuses the new major's group until then. Without the block they get it."""
    return ["parameterGroupName"] if settings.rds.upgrade is not None else []
