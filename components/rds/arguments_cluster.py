"""What goes into a Multi-AZ DB cluster, and into Aurora with its members. AWS names much of it otherwise than for an
instance."""

from __future__ import annotations

from typing import Any

from components.rds.arguments import (
    ENGINE,
    WARNINGS,
    Arguments,
    Around,
    engine_version,
    given,
    insights,
    lifecycle,
    monitoring,
    region,
    restored,
    tags,
)
from components.rds.arguments_groups import family
from components.settings.model import Settings
from components.settings.rds.exports import log_exports
from components.settings.rds.replicas import (
    identifier,
    managed_password,
    replica_identifier,
    replicas,
    zones_in_turn,
    zones_of,
)
from components.settings.rds.topology import ReplicaSettings

AURORA = "aurora-postgresql"
MEMBERS = 3  # of a Multi-AZ DB cluster: a writer and two readable standbys


def cluster(settings: Settings, around: Around) -> Arguments:
    """A Multi-AZ DB cluster, or Aurora's cluster without its members."""
    rds = settings.rds
    own = _aurora(settings, around) if rds.topology == "aurora" else _multi_az(settings, around)
    return given(
        {
            "clusterIdentifier": identifier(settings),
            "engineVersion": engine_version(settings),
            "engineLifecycleSupport": lifecycle(settings),
            "allowMajorVersionUpgrade": rds.upgrade is not None,
            **_origin(settings),
            **_password(settings, around),
            "storageEncrypted": True,
            "kmsKeyId": around.key,
            "port": rds.port,
            "dbSubnetGroupName": around.subnet_group,
            "vpcSecurityGroupIds": list(around.security_groups),
            "networkType": rds.network.type,
            "iamDatabaseAuthenticationEnabled": rds.iam.enabled,
            "dbClusterParameterGroupName": around.parameter_group,
            "backupRetentionPeriod": rds.backup.retention,
            "preferredBackupWindow": rds.windows.backup,
            "preferredMaintenanceWindow": rds.windows.maintenance,
            "applyImmediately": rds.windows.apply_immediately,
            "copyTagsToSnapshot": True,
            "deleteAutomatedBackups": not rds.backup.keep_after_deletion,
            "skipFinalSnapshot": not rds.final_snapshot,
            "finalSnapshotIdentifier": around.final_snapshot if rds.final_snapshot else None,
            "deletionProtection": rds.protection,
            "databaseInsightsMode": "advanced" if rds.monitoring.insights == "advanced" else "standard",
            "enabledCloudwatchLogsExports": log_exports(settings),
            "warningEventCategories": list(WARNINGS),
            "tags": tags(settings),
            **own,
        }
    )


def _multi_az(settings: Settings, around: Around) -> Arguments:
    """All three zones are named: with fewer the provider wants to make the cluster anew in the next run."""
    rds = settings.rds
    return {
        "engine": ENGINE,
        "dbClusterInstanceClass": rds.instance_class,
        "allocatedStorage": rds.storage.size,
        "storageType": rds.storage.type or "gp3",
        "iops": rds.storage.iops,
        "caCertificateIdentifier": rds.ca,
        "availabilityZones": list(zones_of(settings, region(settings))[:MEMBERS]) or None,
        "publiclyAccessible": rds.network.publicly_accessible,
        "autoMinorVersionUpgrade": rds.auto_minor_upgrade,
        **monitoring(settings, around),
    }


def _aurora(settings: Settings, around: Around) -> Arguments:
    """Its plain storage has no name in the API. Members carry the certificate and what is measured, but Insights
    stand in both: without the cluster's there is no advanced mode.

    A major upgrade takes the members' parameter group along, which is the new major's default.
    """
    capacity = settings.rds.serverless
    scaling = {"minCapacity": capacity.min, "maxCapacity": capacity.max} if capacity else None
    return {
        "engine": AURORA,
        "engineMode": "provisioned",
        "storageType": "aurora-iopt1" if settings.rds.storage.type == "aurora-iopt1" else None,
        "serverlessv2ScalingConfiguration": scaling,
        **insights(settings, around),
        "dbInstanceParameterGroupName": f"default.{family(settings)}" if settings.rds.upgrade else None,
    }


def _origin(settings: Settings) -> Arguments:
    if settings.rds.restore is None:
        return {"databaseName": settings.rds.database, "masterUsername": settings.rds.username}
    return restored(settings, "sourceClusterIdentifier", "restoreToTime")


def _password(settings: Settings, around: Around) -> Arguments:
    if managed_password(settings):
        return {"manageMasterUserPassword": True, "masterUserSecretKmsKeyId": around.key}
    return {"masterPasswordWo": around.password, "masterPasswordWoVersion": settings.rds.credentials.version}


def member_names(settings: Settings) -> list[str]:
    """Identifiers of a cluster's members: AWS names those of a Multi-AZ DB cluster, Aurora's are ours."""
    if settings.rds.topology == "cluster":
        return [f"{identifier(settings)}-instance-{number}" for number in range(1, MEMBERS + 1)]
    return [f"{identifier(settings)}-writer", *(replica_identifier(settings, one) for one in replicas(settings))]


def aurora_member(settings: Settings, around: Around, cluster_id: Any, asked: ReplicaSettings | None) -> Arguments:
    """The first writer (None), or a reader. Whoever writes later is decided by a failover, readers in their order."""
    rds = settings.rds
    order = 0 if asked is None else list(replicas(settings)).index(asked) + 1
    return given(
        {
            "identifier": member_names(settings)[order],
            "clusterIdentifier": cluster_id,
            "engine": AURORA,
            "engineVersion": engine_version(settings),
            "instanceClass": (asked.instance_class if asked else None) or rds.instance_class,
            "availabilityZone": zones_in_turn(settings)[asked.name] if asked else None,
            "dbSubnetGroupName": around.subnet_group,
            "publiclyAccessible": rds.network.publicly_accessible,
            "caCertIdentifier": rds.ca,
            "preferredMaintenanceWindow": rds.windows.maintenance,
            "applyImmediately": rds.windows.apply_immediately,
            "autoMinorVersionUpgrade": rds.auto_minor_upgrade,
            "copyTagsToSnapshot": True,
            "promotionTier": min(order, 15),
            **monitoring(settings, around),
            "warningEventCategories": list(WARNINGS),
            "tags": tags(settings),
        }
    )
