"""Backups and restores with pgBackRest, the same on every platform that runs Patroni."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Strict

from components.settings.fields import Section, setting

Whole = Annotated[int, Strict()]
Truth = Annotated[bool, Strict()]
SECRET = r"^[A-Za-z_][A-Za-z0-9_-]{0,62}$"  # noqa: S105  the form of a name
LABEL = r"^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?$"


class RepositorySettings(Section):
    """Where backups and WAL lie. A change makes a new, empty repository: the next up takes a full backup into it."""

    kind: Literal["posix", "s3"] = setting(
        ..., cost="reload", description="posix: a folder of this machine (embedded only). s3: any S3 service over TLS."
    )
    path: str = setting(
        "/",
        pattern=r"^/[^\x00-\x1f\"'\\]*$",
        max_length=200,
        cost="reload",
        description="Folder of the repository: absolute; on this machine, or within the bucket. On this machine it "
        "must lie outside embedded.directory, which make down removes.",
    )
    bucket: str | None = setting(
        None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", cost="reload", description="s3: name of the bucket."
    )
    endpoint: str | None = setting(
        None,
        pattern=r"^[A-Za-z0-9.-]+(:\d{1,5})?$",
        cost="reload",
        description="s3: host, or host:port, without https://; pgBackRest speaks TLS only.",
    )
    region: str | None = setting(
        None, pattern=r"^[a-z0-9-]{1,40}$", cost="reload", description="s3: the region, such as eu-central-1."
    )
    uri_style: Literal["host", "path"] = setting(
        "host",
        cost="reload",
        description="s3: host puts the bucket before the endpoint's name, as Amazon does; path after it, which most "
        "other services want.",
    )
    key: str | None = setting(
        None, pattern=SECRET, cost="reload", description="s3: name of the secret that holds the access key."
    )
    key_secret: str | None = setting(
        None, pattern=SECRET, cost="reload", description="s3: name of the secret that holds the secret access key."
    )
    verify_tls: Truth = setting(
        True, cost="reload", description="s3: false takes any certificate, so anybody on the way may read and forge."
    )
    ca: str | None = setting(
        None,
        pattern=r"^\s*-----BEGIN CERTIFICATE-----",
        cost="reload",
        description="s3: PEM of the CA that signed the endpoint's certificate. Default: the system's CAs.",
    )

    def secrets(self) -> Iterator[tuple[str, str]]:
        """(setting, name of the secret) of each secret that this repository names."""
        yield from ((name, value) for name in ("key", "key_secret") if (value := getattr(self, name)))


class RetentionSettings(Section):
    """What is kept. WAL is kept as long as the oldest backup that needs it."""

    full: Whole = setting(
        2, ge=1, le=9999, unit="full backups", cost="reload", description="Older ones go after the next full backup."
    )
    diff: Whole = setting(
        7, ge=1, le=9999, unit="differential backups", cost="reload", description="The same for differential ones."
    )


class ScheduleSettings(Section):
    """When a backup of each kind is taken, as CronJobs and crontab write it, in UTC. Empty: never.

    Kubernetes runs it. On the embedded platform nothing does: call `make backup` from a crontab.
    """

    full: str = setting("0 1 * * 0", cost="reload", description="Full backups: everything.")
    diff: str = setting("0 1 * * 1-6", cost="reload", description="Differential: what changed since the last full one.")
    incr: str = setting("", cost="reload", description="Incremental: what changed since the last one of any kind.")


class CompressionSettings(Section):
    """How files are compressed."""

    type: Literal["zst", "lz4", "gz", "bz2", "none"] = setting(
        "zst", cost="reload", description="zst compresses as gz does at a fraction of its time."
    )
    level: Whole | None = setting(
        None, ge=1, le=19, cost="reload", description="Default: the method's own (zst 3, lz4 1, gz 6, bz2 9)."
    )


class BackupSettings(Section):
    """Continuous archiving and backups. The first `backup:` of a running cluster needs a rolling restart."""

    repository: RepositorySettings = setting(..., cost="reload", description="Where backups and WAL lie.")
    encryption: str | None = setting(
        None,
        pattern=SECRET,
        cost="new cluster",
        description="Name of the secret with the passphrase that everything in the repository is encrypted with "
        "(AES-256). It cannot be changed: name another repository.path then. Without the passphrase nothing can be "
        "restored.",
    )
    retention: RetentionSettings = setting(RetentionSettings(), cost="reload", description="What is kept.")
    schedule: ScheduleSettings = setting(ScheduleSettings(), cost="reload", description="When backups are taken.")
    archive_timeout: Whole = setting(
        60,
        ge=0,
        le=86400,
        unit="seconds",
        cost="reload",
        description="A segment of WAL that is not full is archived after this, so at most as much is lost with all "
        "members at once. 0: only full segments.",
    )
    archive_async: Truth = setting(
        True,
        cost="reload",
        description="Several processes push WAL ahead of PostgreSQL's asking, which keeps up with busy servers.",
    )
    archive_queue_max: str | None = setting(
        None,
        pattern=r"^[1-9]\d*(KiB|MiB|GiB|TiB)$",
        cost="reload",
        description="WAL waiting for the archive beyond which it is DROPPED, so that the disk does not fill; the "
        "next restore to a time then needs a newer full backup. Default: nothing is dropped.",
    )
    compression: CompressionSettings = setting(CompressionSettings(), cost="reload", description="How.")
    processes: Whole = setting(
        2, ge=1, le=64, cost="reload", description="Processes that compress and send at the same time."
    )

    def secrets(self) -> Iterator[tuple[str, str]]:
        """(setting, name of the secret) of each secret that is named here."""
        yield from ((f"repository.{name}", value) for name, value in self.repository.secrets())
        if self.encryption:
            yield "encryption", self.encryption


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else str(value)


class RestoreSettings(Section):
    """A new cluster is made from a backup instead of being empty. Read only while there is no cluster yet."""

    source: str = setting(
        ...,
        alias="from",
        pattern=r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$",
        cost="read when made",
        description="Name of the cluster whose backups are read.",
    )
    time: Annotated[str | None, BeforeValidator(_text)] = setting(
        None,
        cost="read when made",
        description="Everything that was committed until then: an ISO time with its zone, 2026-11-21 10:00:00+00:00.",
    )
    label: str | None = setting(
        None,
        pattern=LABEL,
        cost="read when made",
        description="As it was when this backup ended (make backups lists labels).",
    )
    lsn: str | None = setting(
        None,
        pattern=r"^[0-9A-F]{1,8}/[0-9A-F]{1,8}$",
        cost="read when made",
        description="Up to this place of the WAL.",
    )
    repository: RepositorySettings | None = setting(
        None, cost="read when made", description="Where those backups lie. Default: backup.repository."
    )
    encryption: str | None = setting(
        None,
        pattern=SECRET,
        cost="read when made",
        description="Name of the secret with that repository's passphrase. Default: backup.encryption, when the "
        "repository is backup.repository.",
    )
    in_place: Truth = setting(
        False,
        cost="read when made",
        description="true: the new cluster has the old one's name and repository and goes on in its archive. The old "
        "one must be gone for good (make down), or two clusters write one archive.",
    )

    def secrets(self) -> Iterator[tuple[str, str]]:
        """(setting, name of the secret) of each secret that is named here."""
        if self.repository:
            yield from ((f"repository.{name}", value) for name, value in self.repository.secrets())
        if self.encryption:
            yield "encryption", self.encryption
