"""Everything that a stack of platform rds says beyond the settings that all platforms share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator

from components.settings.fields import Section, setting
from components.settings.rds.fields import Truth, Whole
from components.settings.rds.network import DnsSettings, NetworkSettings, ReachSettings
from components.settings.rds.pooling import RdsPoolerSettings
from components.settings.rds.safety import (
    BackupSettings,
    CredentialSettings,
    EncryptionSettings,
    IamSettings,
    RestoreSettings,
    UpgradeSettings,
    WindowSettings,
)
from components.settings.rds.topology import ReplicaSettings, ServerlessSettings, StorageSettings
from components.settings.rds.watching import AlarmSettings, LogSettings, MonitoringSettings

Topology = Literal["instance", "cluster", "aurora"]
Environment = Literal["production", "staging", "development", "throwaway"]
Replicas = Annotated[
    tuple[ReplicaSettings, ...], BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)
]

DEFAULT_MAJOR = 17  # 14 and 15 are close to their end, 18 is young


class RdsSettings(Section):
    """The complete default is a production: Multi-AZ, encrypted, backed up, protected, watched."""

    topology: Topology = setting(
        "instance",
        cost="new cluster",
        description="instance: Multi-AZ instance with a standby that nobody reads, and replicas. cluster: Multi-AZ DB "
        "cluster, a writer and two readable standbys. aurora: Aurora PostgreSQL.",
    )
    environment: Environment = setting(
        "production",
        cost="nothing restarts",
        description="What is at stake: production refuses what may lose data or cut people off. throwaway alone may go "
        "without backups and final snapshot.",
    )
    account: str | None = setting(
        None,
        pattern=r"^\d{12}$",
        cost="nothing restarts",
        description="The AWS account that this stack belongs to, 12 digits; any other is refused.",
    )
    region: str | None = setting(
        None, cost="new cluster", description="AWS region. Default: aws:region of the stack; one of the two is needed."
    )
    online: Truth = setting(
        False,
        cost="nothing restarts",
        description="true asks AWS in each run whether it offers the classes with the version in their regions; else "
        "this project's data alone is asked, which is as old as it says.",
    )
    identifier: str | None = setting(
        None,
        cost="next window, outage",
        description="Of the instance or cluster, and first part of all other names. Small letters, digits and inner "
        "hyphens, at most 63. Default: `name`.",
    )
    engine_version: str | None = setting(
        None,
        cost="next window, outage",
        description="An exact minor version such as 17.6, together with auto_minor_upgrade: false. Default: the newest "
        "of `major`, kept up to date by RDS.",
    )
    auto_minor_upgrade: Truth = setting(
        True, cost="at once", description="RDS installs minor versions in the maintenance window."
    )
    extended_support: Truth = setting(
        False,
        cost="at once",
        description="true enrols in paid Extended Support when the major's standard support ends; false lets RDS "
        "upgrade it.",
    )
    instance_class: str = setting(
        "db.r7g.large", cost="next window, outage", description="Of the primary, or of all members of a cluster."
    )
    serverless: ServerlessSettings | None = setting(
        None, cost="at once", description="Capacity of Aurora Serverless v2, with instance_class db.serverless."
    )
    multi_az: Truth = setting(
        True,
        cost="next window",
        description="A synchronous standby in another zone, for topology instance. Clusters have theirs anyway.",
    )
    availability_zone: str | None = setting(
        None, cost="new cluster", description="Zone of an instance without multi_az. Default: AWS chooses."
    )
    storage: StorageSettings = setting(StorageSettings(), cost="at once, slow", description="The volume.")
    replicas: Replicas | None = setting(
        None,
        cost="new replica",
        description="Read replicas one by one, at most 15. Default: as many as the stack's `replicas` says, "
        "replica-1 and so on. Topology cluster has its two readers without being asked.",
    )
    database: str | None = setting(
        None,
        cost="new cluster",
        description="A database made with the instance. Default: only postgres; the access specs make theirs.",
    )
    username: str = setting(
        "platform_admin",
        cost="new cluster",
        description="The administrator (RDS's master user), at most 16 characters, and not a name that everybody tries "
        "first.",
    )
    port: Whole = setting(
        5432, ge=1150, le=65535, unit="TCP port", cost="at once, outage", description="Of all members."
    )
    ca: str = setting(
        "rds-ca-rsa2048-g1",
        cost="reload or reboot",
        description="Certificate authority of the server certificates: rds-ca-rsa2048-g1, rds-ca-rsa4096-g1 or "
        "rds-ca-ecc384-g1. Server certificates of these renew themselves.",
    )
    ca_bundle: str | None = setting(
        None,
        min_length=1,
        cost="nothing restarts",
        description="File of the certificate authorities (PEM) by which this program knows the database, from the "
        "project's folder, or a web address. Default: Amazon's bundle of the region, fetched once and kept below "
        "~/.cache/postgres-platform.",
    )
    network: NetworkSettings = setting(NetworkSettings(), cost="at once", description="VPC and who may connect.")
    reach: ReachSettings = setting(ReachSettings(), cost="nothing restarts", description="This program's own way in.")
    dns: DnsSettings | None = setting(None, cost="at once", description="Names of your own. Default: none.")
    encryption: EncryptionSettings = setting(EncryptionSettings(), cost="new cluster", description="The key.")
    credentials: CredentialSettings = setting(
        CredentialSettings(), cost="at once", description="The administrator's password."
    )
    iam: IamSettings = setting(IamSettings(), cost="at once", description="Logins by token.")
    windows: WindowSettings = setting(WindowSettings(), cost="at once", description="When RDS may work.")
    backup: BackupSettings = setting(BackupSettings(), cost="at once", description="Automated backups.")
    final_snapshot: Truth = setting(
        True, cost="nothing restarts", description="A snapshot is taken when the database is destroyed."
    )
    protection: Truth = setting(
        True,
        cost="at once",
        description="The one switch against deletion: AWS's deletion protection and Pulumi's protect together. To "
        "destroy or replace: set false, `pulumi up`, then go on.",
    )
    monitoring: MonitoringSettings = setting(MonitoringSettings(), cost="at once", description="What is measured.")
    logs: LogSettings = setting(LogSettings(), cost="at once", description="Logs in CloudWatch.")
    alarms: AlarmSettings = setting(AlarmSettings(), cost="at once", description="Alarms and events.")
    dashboard: Truth = setting(True, cost="at once", description="A CloudWatch dashboard.")
    restore: RestoreSettings | None = setting(
        None, cost="read when made", description="Data to begin with. Default: an empty database."
    )
    upgrade: UpgradeSettings | None = setting(
        None, cost="next window, outage", description="A major upgrade that is wanted. Default: none."
    )
    blue_green: Truth = setting(
        False,
        cost="nothing restarts",
        description="Changes of class, version and storage through a copy that is then switched to, in about a minute. "
        "Only without replicas and managed password.",
    )
    pooler: RdsPoolerSettings = setting(
        RdsPoolerSettings(), cost="clients reconnect", description="What stands in front of the database."
    )
    tags: Mapping[str, str] = setting(
        {}, cost="at once", description="On everything; name, environment and managed-by are added."
    )

    @property
    def members_are_a_cluster(self) -> bool:
        """A Multi-AZ DB cluster or Aurora, in whose API the properties belong to the cluster."""
        return self.topology != "instance"
