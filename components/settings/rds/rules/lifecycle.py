"""What keeps the data: windows, backups, restore, protection, blue/green, password, certificate authority."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.settings.catalogue import rds as offers
from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.nearest import nearest
from components.settings.rds.allowed import AT_ONCE, NO_FINAL_SNAPSHOT, NO_PROTECTION, NO_STANDBY
from components.settings.rds.replicas import password_must_be_ours, replicas
from components.settings.rds.rules.places import key_problem, region_problem
from components.settings.rds.windows import SHORTEST, daily, free_slot, weekly

AUTHORITIES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
MOMENT = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ")
SNAPSHOT = re.compile(r"(arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:(cluster-)?snapshot:)?(rds:)?[A-Za-z](-?[A-Za-z0-9])*")
BACKUP_ARN = re.compile(r"arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:auto-backup:\S+")


def windows(settings: Settings) -> Iterator[Finding]:
    """Both well formed, half an hour or more, and never at the same time, across midnight and the week's end too."""
    asked = settings.rds.windows
    backup, maintenance = daily(asked.backup), weekly(asked.maintenance)
    forms = (
        ("backup", asked.backup, backup, "hh:mm-hh:mm in UTC, such as 03:00-03:30"),
        ("maintenance", asked.maintenance, maintenance, "ddd:hh:mm-ddd:hh:mm in UTC with small letters, such as"
         " sun:04:30-sun:05:30"),
    )  # fmt: skip
    for field, text, window, form in forms:
        if window is None:
            yield Finding(("rds", "windows", field), f"found {text!r}; allowed is {form}")
        elif window.length < SHORTEST:
            yield Finding(
                ("rds", "windows", field),
                f"found {text}, {window.length} minutes; allowed are {SHORTEST} minutes or more",
            )
    if backup and maintenance and min(backup.length, maintenance.length) >= SHORTEST and backup.overlaps(maintenance):
        yield Finding(
            ("rds", "windows", "backup"),
            f"found {backup}, which overlaps the maintenance window {maintenance}; move one of them, for example"
            f" backup to {free_slot(maintenance, SHORTEST)}",
        )


def retention(settings: Settings) -> Iterator[Finding]:
    """Backups may be off only where nothing rests on them."""
    if settings.rds.backup.retention:
        return
    needing = [
        name
        for name, needed in (
            ("replicas", settings.rds.topology == "instance" and bool(replicas(settings))),
            ("blue_green", settings.rds.blue_green),
            ("upgrade", settings.rds.upgrade is not None),
            ("backup.cross_region", settings.rds.backup.cross_region is not None),
            (f"topology {settings.rds.topology}", settings.rds.members_are_a_cluster),
        )
        if needed
    ]
    path = ("rds", "backup", "retention")
    if needing:
        yield Finding(path, f"found 0, but {' and '.join(needing)} need backups; set 1 to 35 days")
    elif settings.rds.environment != "throwaway":
        yield Finding(
            path, f"found 0 in environment {settings.rds.environment}; only throwaway goes without; set 1 to 35 days"
        )


def cross_region_backups(settings: Settings) -> Iterator[Finding]:
    """Only instances have them, in another region, with a key that is there."""
    asked = settings.rds.backup.cross_region
    if asked is None:
        return
    path = ("rds", "backup", "cross_region")
    if settings.rds.members_are_a_cluster:
        yield Finding(path, f"AWS has none for topology {settings.rds.topology}; remove it, or take topology instance")
    if problem := region_problem(asked.region):
        yield Finding((*path, "region"), problem)
    elif asked.region == settings.rds.region:
        yield Finding((*path, "region"), f"found {asked.region}, where the database itself is; name another region")
    if asked.key and (problem := key_problem(asked.key, asked.region)):
        yield Finding((*path, "key"), problem)


def restore(settings: Settings) -> Iterator[Finding]:
    """One source of data, and nothing beside it that comes with the data."""
    asked = settings.rds.restore
    if asked is None:
        return
    path = ("rds", "restore")
    if (asked.snapshot is None) == (asked.point_in_time is None):
        count = "neither" if asked.snapshot is None else "both"
        yield Finding(path, f"found {count} of snapshot and point_in_time; name exactly one")
    if asked.snapshot is not None:
        if not SNAPSHOT.fullmatch(asked.snapshot):
            yield Finding((*path, "snapshot"), f"found {asked.snapshot!r}; allowed is a snapshot's identifier or ARN")
        for field in ("username", "database"):
            if field in settings.rds.model_fields_set and getattr(settings.rds, field) is not None:
                yield Finding(("rds", field), "comes with the snapshot of rds.restore; remove it here")
    point = asked.point_in_time
    if point is None:
        return
    if (point.source is None) == (point.source_backup is None):
        count = "neither" if point.source is None else "both"
        yield Finding((*path, "point_in_time"), f"found {count} of source and source_backup; name exactly one")
    if point.source_backup and settings.rds.members_are_a_cluster:
        yield Finding(
            (*path, "point_in_time", "source_backup"),
            f"does not apply to topology {settings.rds.topology}, whose backups end with it; name the source, or a"
            " snapshot",
        )
    elif point.source_backup and not BACKUP_ARN.fullmatch(point.source_backup):
        yield Finding(
            (*path, "point_in_time", "source_backup"),
            f"found {point.source_backup!r}; allowed is the ARN of automated backups (arn:aws:rds:...:auto-backup:...)",
        )
    if point.time and not MOMENT.fullmatch(point.time):
        yield Finding(
            (*path, "point_in_time", "time"), f"found {point.time!r}; allowed is UTC such as 2026-11-21T09:45:00Z"
        )


def production_is_kept(settings: Settings) -> Iterator[Finding]:
    """What may lose data or cut people off has to be allowed by name."""
    rds = settings.rds
    risks = (
        (NO_FINAL_SNAPSHOT, ("rds", "final_snapshot"), not rds.final_snapshot, "false",
         "destroying it would leave nothing; set true"),
        (NO_PROTECTION, ("rds", "protection"), not rds.protection, "false",
         "a deletion or replacement would go through; set true"),
        (AT_ONCE, ("rds", "windows", "apply_immediately"), rds.windows.apply_immediately, "true",
         "outages would come outside the maintenance window; set false"),
        (NO_STANDBY, ("rds", "multi_az"), rds.topology == "instance" and not rds.multi_az, "false",
         "a lost zone would end it; set true"),
    )  # fmt: skip
    for hazard, path, taken, value, why in risks:
        if taken and rds.environment == "production" and hazard not in settings.allow:
            yield Finding(path, f"found {value} in environment production: {why}, or add {hazard} to allow")
    if not rds.final_snapshot and rds.environment in ("staging", "development"):
        yield Finding(
            ("rds", "final_snapshot"),
            f"found false in environment {rds.environment}; only throwaway goes without; set true",
        )


def password(settings: Settings) -> Iterator[Finding]:
    """RDS keeps no password of an instance with replicas, nor with blue/green."""
    if settings.rds.credentials.mode == "managed" and password_must_be_ours(settings):
        why = "blue_green is on" if settings.rds.blue_green else "there are replicas"
        yield Finding(
            ("rds", "credentials", "mode"),
            f"found managed, which RDS refuses while {why}; take generated (or auto), or do without"
            f" {'blue_green' if settings.rds.blue_green else 'replicas (replicas: 0)'}",
        )


def authority(settings: Settings) -> Iterator[Finding]:
    """Certificate authorities that renew server certificates by themselves."""
    if settings.rds.ca not in AUTHORITIES:
        like = nearest(settings.rds.ca, AUTHORITIES)
        meant = f"; did you mean {like}?" if like else ""
        yield Finding(("rds", "ca"), f"found {settings.rds.ca!r}; allowed is one of {', '.join(AUTHORITIES)}{meant}")


def blue_green(settings: Settings) -> Iterator[Finding]:
    """Only where it works; the provider's issues 33702, 41705, 49132 and 49596 are what happens elsewhere."""
    rds = settings.rds
    if not rds.blue_green:
        return
    path = ("rds", "blue_green")
    if rds.members_are_a_cluster:
        yield Finding(path, f"found true; it works for topology instance only, not for {rds.topology}; set false")
    elif replicas(settings):
        yield Finding(path, "found true; replicas would be left behind; set false, or replicas to 0")
    if rds.protection:
        yield Finding(
            path,
            "found true while rds.protection is on, with which RDS cannot remove the old copy; set protection to false"
            " for the change and back afterwards, or blue_green to false",
        )
    major = rds.upgrade is not None
    if major and settings.parameters.get("rds.logical_replication") not in ("1", "on"):
        yield Finding(
            ("parameters", "rds.logical_replication"),
            "must be on before a major upgrade by blue_green, which copies by logical replication; set it, reboot, then"
            " upgrade",
        )


def encryption(settings: Settings) -> Iterator[Finding]:
    """own, aws, or a key's ARN in this region."""
    key = settings.rds.encryption.key
    if key not in ("own", "aws") and (problem := key_problem(key, settings.rds.region)):
        yield Finding(("rds", "encryption", "key"), f"{problem}, or own, or aws")


def region(settings: Settings) -> Iterator[Finding]:
    """Known, and said at all."""
    if settings.rds.region is None:
        yield Finding(
            ("rds", "region"), "is missing; set it, or aws:region of the stack, to an AWS region such as eu-central-1"
        )
    elif problem := region_problem(settings.rds.region):
        yield Finding(("rds", "region"), problem)
    elif not offers.in_region(settings.rds.topology, settings.rds.region):
        yield Finding(
            ("rds", "region"), f"found {settings.rds.region}, which has no {settings.rds.topology}; name another"
        )


RULES = (
    windows,
    retention,
    cross_region_backups,
    restore,
    production_is_kept,
    password,
    authority,
    blue_green,
    encryption,
    region,
)
