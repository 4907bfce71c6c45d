"""WHERE pgBackRest finds its files, on this machine and in pods."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from components.render.sites import MemberSite
from components.settings.model import Settings

PROGRAM = "/usr/bin/pgbackrest"
CONFIG_FILE, HOST_FILE, RESTORE_FILE = "pgbackrest.conf", "host.conf", "pgbackrest-restore.conf"
SECRETS_FILE = "secrets.conf"
PODS = PurePosixPath("/etc/postgres-platform/backup")  # mounted: ConfigMap pgbackrest, Secret pgbackrest


@dataclass(frozen=True, kw_only=True)
class BackupSite:
    """Paths of one caller of pgBackRest. What is not secret stands in `config`, the rest in files of `secrets`.

    `source_config` and `source_secrets` are the same for the repository that a new cluster is restored from. `ca` is
    the PEM file of an S3 endpoint's own CA. Callers on one machine never share `lock` or `spool`. `log` is a
    folder, or "" for the container's output.
    """

    config: str
    secrets: str
    source_config: str
    source_secrets: str
    ca: str
    source_ca: str
    lock: str
    log: str
    spool: str


def backup_site(settings: Settings, member: MemberSite) -> BackupSite:
    """A member's, which archives, fetches and restores."""
    if settings.platform == "kubernetes":
        return pod_member_site()
    home = PurePosixPath(member.directory)
    return _here(home.parent / "backup", home, log=member.logs or f"{home}/log")


def host_site(directory: str) -> BackupSite:
    """Of whoever takes backups on this machine; `directory` is the platform's."""
    home = PurePosixPath(directory) / "backup"
    return _here(home, home, log=f"{home}/log")


def pod_member_site() -> BackupSite:
    """Of a member's pod; all are alike. WAL on its way lies on the volume, beside the data."""
    return _in_pod(CONFIG_FILE, PurePosixPath("/data/pgbackrest"))


def pod_host_site() -> BackupSite:
    """Of a CronJob's pod."""
    return _in_pod(HOST_FILE, PurePosixPath("/run/pgbackrest"))


def _here(shared: PurePosixPath, own: PurePosixPath, log: str) -> BackupSite:
    return BackupSite(
        config=f"{own}/{CONFIG_FILE}",
        secrets=f"{shared}/conf.d",
        source_config=f"{shared}/{RESTORE_FILE}",
        source_secrets=f"{shared}/restore.d",
        ca=f"{shared}/ca.crt",
        source_ca=f"{shared}/restore-ca.crt",
        lock=f"{own}/pgbackrest/lock",
        log=log,
        spool=f"{own}/pgbackrest/spool",
    )


def _in_pod(config: str, own: PurePosixPath) -> BackupSite:
    return BackupSite(
        config=f"{PODS}/files/{config}",
        secrets=f"{PODS}/secrets",
        source_config=f"{PODS}/files/{RESTORE_FILE}",
        source_secrets=f"{PODS}/restore-secrets",
        ca=f"{PODS}/files/ca.crt",
        source_ca=f"{PODS}/files/restore-ca.crt",
        lock=f"{own}/lock",
        log="",
        spool=f"{own}/spool",
    )
