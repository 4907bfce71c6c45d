"""What protects the data and who holds the keys: encryption, credentials, IAM, windows, backups, restore, upgrade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from components.settings.fields import Section, setting
from components.settings.rds.fields import Texts, Truth, Whole


class EncryptionSettings(Section):
    """One key for storage, Insights, secret, logs and alarms. Encryption itself cannot be turned off."""

    key: str = setting(
        "own",
        cost="new cluster",
        description="own: a key of this stack, rotated each year. aws: the AWS managed keys. Or the ARN of a key (an "
        "alias would differ from what RDS reports, for ever).",
    )
    deletion_window: Whole = setting(
        30, ge=7, le=30, unit="days", cost="at once", description="How long a deleted key of ours can be brought back."
    )


class CredentialSettings(Section):
    """Password of the administrator (RDS's master user). Only for setting up access; applications have logins."""

    mode: Literal["auto", "managed", "generated"] = setting(
        "auto",
        cost="at once",
        description="managed: RDS makes, keeps and rotates it in Secrets Manager; impossible together with replicas or "
        "blue_green. generated: made here, sent write-only, kept in a secret of ours and encrypted in the state. auto: "
        "managed where RDS allows it.",
    )
    rotation: Whole = setting(
        7, ge=0, le=365, unit="days", cost="at once", description="For managed: rotated after so many days. 0: never."
    )
    version: Whole = setting(
        1, ge=1, le=1000000, cost="at once", description="For generated: raise it by one and a new password is made."
    )
    recovery_window: Whole = setting(
        30, ge=7, le=30, unit="days", cost="at once", description="How long a deleted secret can be brought back."
    )


class IamSettings(Section):
    """Logins by IAM token (15 minutes) instead of a password."""

    enabled: Truth = setting(True, cost="at once", description="IAM database authentication.")
    logins: Mapping[str, Texts] = setting(
        {},
        cost="at once",
        description="Database login -> names of the IAM roles that may log in as it. A policy is made and attached for "
        "each; with an empty list it is only an output. The login needs rds_iam in its access spec.",
    )


class WindowSettings(Section):
    """When RDS may work, in UTC."""

    backup: str = setting(
        "03:00-03:30",
        cost="at once",
        description="Daily, hh:mm-hh:mm, 30 minutes or more, apart from the maintenance window.",
    )
    maintenance: str = setting(
        "sun:04:30-sun:05:30",
        cost="at once",
        description="Weekly, ddd:hh:mm-ddd:hh:mm with mon to sun in small letters, 30 minutes or more.",
    )
    apply_immediately: Truth = setting(
        False,
        cost="nothing restarts",
        description="true: changes that would wait for the maintenance window happen at once, outages too. Refused "
        "in production unless allow names changes-at-once.",
    )


class CrossRegionBackupSettings(Section):
    """Backups and WAL copied to a second region, for a restore there when the first one is gone."""

    region: str = setting(..., cost="at once", description="Not the stack's own.")
    retention: Whole = setting(
        14, ge=1, le=35, unit="days", cost="at once", description="How long they are kept there."
    )
    key: str | None = setting(
        None, cost="at once", description="ARN of a KMS key in that region. Default: an own key is made there."
    )


class BackupSettings(Section):
    """Automated backups: any second of the last days can be brought back."""

    retention: Whole = setting(
        14, ge=0, le=35, unit="days", cost="at once",
        description="1 to 35. 0 turns backups off, for throw-away environments without replicas only; between 0 and "
        "anything else I/O stops for a moment.",
    )  # fmt: skip
    cross_region: CrossRegionBackupSettings | None = setting(
        None,
        cost="at once",
        description="Copies in a second region. Not for topology cluster or Aurora. Default: none.",
    )
    keep_after_deletion: Truth = setting(
        True, cost="at once", description="Automated backups outlive the instance for the days of retention."
    )


class PointInTimeSettings(Section):
    """A new database as another one was at a moment."""

    source: str | None = setting(None, cost="read when made", description="Identifier of the instance or cluster.")
    source_backup: str | None = setting(
        None,
        cost="read when made",
        description="Or the ARN of its automated backups: when it is gone, or from another region.",
    )
    time: str | None = setting(
        None,
        cost="read when made",
        description="The moment in UTC, 2026-11-21T09:45:00Z. Default: the latest that can be had.",
    )


class RestoreSettings(Section):
    """Where the data of a new database comes from; exactly one of the two. Read only when it is made."""

    snapshot: str | None = setting(
        None, cost="read when made", description="Identifier or ARN of a snapshot. User and database name come with it."
    )
    point_in_time: PointInTimeSettings | None = setting(
        None, cost="read when made", description="Another database as it was at a moment."
    )


class UpgradeSettings(Section):
    """Says that a major upgrade is wanted; without it a changed major version is refused. Remove it afterwards."""

    from_: Whole = Field(
        ...,
        alias="from",
        ge=11,
        le=18,
        description="Major version that runs now.",
        json_schema_extra={"x-cost": "next window, outage"},
    )
    to: Whole = setting(..., ge=14, le=18, cost="next window, outage", description="Major version wanted: `major`.")
    keep_old_parameters: Truth = setting(
        True,
        cost="nothing restarts",
        description="Leave the old major's parameter group in AWS: snapshots from before refer to it.",
    )
