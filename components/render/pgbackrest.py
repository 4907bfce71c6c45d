"""pgBackRest's configuration files, and the commands by which PostgreSQL and Patroni call it.

No secret stands in what is rendered here, but in `secrets_text`, whose file only the servers' account may read.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from components.render.backup_sites import PROGRAM, BackupSite, backup_site
from components.render.hba import SUPERUSER
from components.render.sites import MemberSite
from components.settings.backup import BackupSettings, RepositorySettings
from components.settings.model import Settings

Section = Mapping[str, str | int]
# Longer than any push should take, shorter than a shutdown may wait for it.
PUSH_LIMIT_S = 60
# A replica asks the archive before it is promoted: a repository that hangs must not hold a failover up for long.
GET_LIMIT_S = 10
CREATE_LIMIT_S = 30
RESTORE_METHOD = "pgbackrest"
NO_SECRET = "# the repository has no secret\n"  # noqa: S105  # so that a missing file is a missing file


def member_text(settings: Settings, backup: BackupSettings, member: MemberSite) -> str:
    """A member's pgbackrest.conf: how it archives, and where its own server is."""
    site = backup_site(settings, member)
    return text({"global": _global(backup, site), **_archiving(backup, site), settings.name: server(1, member)})


def host_text(settings: Settings, backup: BackupSettings, members: tuple[MemberSite, ...], site: BackupSite) -> str:
    """pgbackrest.conf of whoever takes backups on the members' own machine; it finds the primary by asking all."""
    servers: dict[str, str | int] = {}
    for number, member in enumerate(members, 1):
        servers |= server(number, member)
    return text({"global": host_options(backup, site), settings.name: servers})


def source_text(settings: Settings, site: BackupSite) -> str:
    """The configuration by which a new cluster's first member, whichever it is, is restored and fetches its WAL."""
    repository = settings.source_repository
    assert repository is not None
    encrypted = encryption_of_source(settings) is not None
    shared = {
        **_repository(repository, encrypted, site.source_ca),
        "lock-path": f"{site.lock}-restore",
        **_logged(site),
        "spool-path": f"{site.spool}-restore",
        "archive-async": "y",
        "process-max": settings.backup.processes if settings.backup else 2,
    }
    return text({"global": shared})


def encryption_of_source(settings: Settings) -> str | None:
    """The name of the secret with the passphrase of the repository that is restored from."""
    if settings.restore is None:
        return None
    if settings.restore.repository is None and settings.backup:
        return settings.restore.encryption or settings.backup.encryption
    return settings.restore.encryption


def secrets_text(repository: RepositorySettings, encryption: str | None, values: Mapping[str, str]) -> str:
    """The file with the secrets of a repository; `values` are the stack's secrets by name."""
    found = {
        option: values[name]
        for option, name in (
            ("repo1-cipher-pass", encryption),
            ("repo1-s3-key", repository.key),
            ("repo1-s3-key-secret", repository.key_secret),
        )
        if name and name in values
    }
    return text({"global": found}) if found else ""


def secrets_of(settings: Settings) -> dict[str, str]:
    """The same for `backup` and for `restore`, as far as the stack has them."""
    values = {name: secret.get_secret_value() for name, secret in settings.secrets.items()}
    found = {}
    if settings.backup:
        found["backup"] = secrets_text(settings.backup.repository, settings.backup.encryption, values) or NO_SECRET
    if source := settings.source_repository:
        found["restore"] = secrets_text(source, encryption_of_source(settings), values) or NO_SECRET
    return found


def command(stanza: str, config: str, secrets: str, *arguments: str) -> list[str]:
    """pgBackRest with a configuration; no argument is ever a secret."""
    return [PROGRAM, f"--config={config}", f"--config-include-path={secrets}", f"--stanza={stanza}", *arguments]


def archive_command(settings: Settings, member: MemberSite) -> str:
    """What PostgreSQL runs for each segment of WAL."""
    return _for_postgresql(settings, member, PUSH_LIMIT_S, 'archive-push "%p"')


def restore_command(settings: Settings, member: MemberSite) -> str:
    """What a replica runs for a segment that nobody streams any more."""
    return _for_postgresql(settings, member, GET_LIMIT_S, 'archive-get %f "%p"')


def after_init(settings: Settings, member: MemberSite) -> list[str]:
    """What a new cluster's first member runs, so that archiving works from its first segment on."""
    if settings.backup is None:
        return []
    site = backup_site(settings, member)
    return ["timeout", str(CREATE_LIMIT_S), *command(settings.name, site.config, site.secrets, "stanza-create")]


def _for_postgresql(settings: Settings, member: MemberSite, limit: int, what: str) -> str:
    site = backup_site(settings, member)
    return f"timeout {limit} {shlex.join(command(settings.name, site.config, site.secrets))} {what}"


def archiving(settings: Settings, member: MemberSite) -> dict[str, Any]:
    """What patroni.yml of a member says about archiving, below `postgresql`."""
    if settings.backup is None:
        return {}
    return {"recovery_conf": {"restore_command": restore_command(settings, member)}, **_replicas(settings, member)}


def _replicas(settings: Settings, member: MemberSite) -> dict[str, Any]:
    """In pods a replica is made from the repository, which spares the primary; on one machine it is all one disk.

    Not while a cluster goes back in place: the newest backup is then of a future that is no more.
    """
    if settings.platform != "kubernetes" or (settings.restore and settings.restore.in_place):
        return {}
    site = backup_site(settings, member)
    asked = command(settings.name, site.config, site.secrets, "--delta", *_linked(member), "--type=standby", "restore")
    return {
        "create_replica_methods": [RESTORE_METHOD, "basebackup"],
        RESTORE_METHOD: {"command": shlex.join(asked), "keep_data": True, "no_params": True, "no_leader": True},
    }


def restoring(settings: Settings, member: MemberSite) -> dict[str, Any]:
    """What `bootstrap` of patroni.yml says where a new cluster is restored.

    Patroni tries no other method when this one fails, so a failed restore never ends in an empty cluster.
    """
    if settings.restore is None:
        return {}
    return {
        "method": RESTORE_METHOD,
        RESTORE_METHOD: {
            "command": shlex.join(restore_arguments(settings, member)),
            "keep_existing_recovery_conf": True,  # else Patroni would wipe the target, and recover to the end
            "no_params": True,
        },
    }


def restore_arguments(settings: Settings, member: MemberSite) -> list[str]:
    """The command that restores the first member; --delta goes on where an interrupted one stopped."""
    assert settings.restore is not None
    site = backup_site(settings, member)
    source = settings.restore.source
    where = [f"--pg1-path={member.data}", "--delta", *_linked(member)]
    return command(source, site.source_config, site.source_secrets, *where, *_target(settings), "restore")


def _linked(member: MemberSite) -> list[str]:
    """pg_wal on the member's own volume for WAL, whether or not the cluster of the backup had one."""
    return [f"--link-map=pg_wal={member.wal}"] if member.wal else []


def _target(settings: Settings) -> list[str]:
    restore = settings.restore
    assert restore is not None
    if restore.time:
        return ["--type=time", f"--target={restore.time}", "--target-action=promote"]
    if restore.lsn:
        return ["--type=lsn", f"--target={restore.lsn}", "--target-action=promote"]
    if restore.label:
        return ["--type=immediate", f"--set={restore.label}", "--target-action=promote"]
    return ["--type=default"]  # all WAL that there is; it ends in a promotion by itself


def _global(backup: BackupSettings, site: BackupSite) -> dict[str, str | int]:
    level = {"compress-level": backup.compression.level} if backup.compression.level else {}
    return {
        **_repository(backup.repository, backup.encryption is not None, site.ca),
        "compress-type": backup.compression.type,
        **level,
        "process-max": backup.processes,
        "lock-path": site.lock,
        **_logged(site),
        "start-fast": "y",
    }


def _logged(site: BackupSite) -> dict[str, str | int]:
    """Warnings alone, since nobody rotates the file."""
    return {"log-path": site.log, "log-level-file": "warn"} if site.log else {"log-level-file": "off"}


def _archiving(backup: BackupSettings, site: BackupSite) -> dict[str, Section]:
    """Pushing ahead pays; fetching ahead does not, since a replica that is promoted waits for the answer."""
    if not backup.archive_async:
        return {}
    queue = {"archive-push-queue-max": backup.archive_queue_max} if backup.archive_queue_max else {}
    return {"global:archive-push": {"archive-async": "y", "spool-path": site.spool, **queue}}


def host_options(backup: BackupSettings, site: BackupSite) -> dict[str, str | int]:
    """What holds for every backup."""
    return _global(backup, site) | _keeping(backup)


def _keeping(backup: BackupSettings) -> dict[str, str | int]:
    kept: dict[str, str | int] = {
        "repo1-retention-full": backup.retention.full,
        "repo1-retention-diff": backup.retention.diff,
    }
    # Each of thousands of small files costs S3 a request. But what is bundled cannot be resumed, so not in a folder.
    return kept | ({"repo1-bundle": "y"} if backup.repository.kind == "s3" else {})


def _repository(repository: RepositorySettings, encrypted: bool, ca: str) -> dict[str, str | int]:
    found: dict[str, str | int] = {"repo1-path": repository.path, "repo1-type": repository.kind}
    if encrypted:
        found["repo1-cipher-type"] = "aes-256-cbc"
    if repository.kind == "posix":
        return found
    found |= {
        "repo1-s3-bucket": repository.bucket or "",
        "repo1-s3-endpoint": repository.endpoint or "",
        "repo1-s3-region": repository.region or "",
        "repo1-s3-uri-style": repository.uri_style,
        "repo1-storage-verify-tls": "y" if repository.verify_tls else "n",
    }
    return found | ({"repo1-storage-ca-file": ca} if repository.ca else {})


def server(number: int, member: MemberSite) -> dict[str, str | int]:
    """A server of this machine, by its unix socket."""
    return {
        f"pg{number}-path": member.data,
        f"pg{number}-port": member.port,
        f"pg{number}-socket-path": member.sockets,
        f"pg{number}-user": SUPERUSER,
    }


def text(sections: Mapping[str, Section]) -> str:
    """The file; each option of a section on a line, sorted."""
    parts = []
    for name, options in sections.items():
        lines = [f"{option}={options[option]}" for option in sorted(options)]
        parts.append("\n".join([f"[{name}]", *lines, ""]))
    return "\n".join(parts)
