"""What must hold for backups and restores, one function a rule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath

from components.settings.backup import RepositorySettings
from components.settings.cron import cron_fault
from components.settings.finding import Finding
from components.settings.model import Settings

NEEDED = ("bucket", "endpoint", "region", "key", "key_secret")
COMMAND = "pulumi config set --secret --path 'postgres-platform:secrets.{}' (it asks for the value)"
HIGHEST_LEVEL = {"zst": 19, "lz4": 9, "gz": 9, "bz2": 9}
Path = tuple[str, ...]


def backup_faults(settings: Settings) -> Iterator[Finding]:
    """Everything that pgBackRest would refuse, or that would lose backups."""
    if settings.platform == "rds":
        yield from _not_on_rds(settings)
        return
    for where, repository in _repositories(settings):
        yield from _repository(settings, where, repository)
    yield from _secrets(settings)
    if settings.backup:
        yield from _schedule(settings)
        yield from _compression(settings)
    if settings.restore:
        yield from _restore(settings)


def _not_on_rds(settings: Settings) -> Iterator[Finding]:
    for name, instead in (("backup", "rds.backup"), ("restore", "rds.restore")):
        if getattr(settings, name):
            yield Finding((name,), f"is not for platform rds, which keeps backups of its own; use {instead}")


def _repositories(settings: Settings) -> Iterator[tuple[Path, RepositorySettings]]:
    if settings.backup:
        yield ("backup", "repository"), settings.backup.repository
    if settings.restore and settings.restore.repository:
        yield ("restore", "repository"), settings.restore.repository


def _repository(settings: Settings, where: Path, repository: RepositorySettings) -> Iterator[Finding]:
    if repository.kind == "s3":
        for name in NEEDED:
            if getattr(repository, name) is None:
                yield Finding((*where, name), "is missing; a repository of kind s3 needs " + ", ".join(NEEDED))
        return
    if settings.platform == "kubernetes":
        told = "found posix; pods share no folder, so allowed is s3 (any service with its interface)"
        yield Finding((*where, "kind"), told)
    given = sorted(name for name in (*NEEDED, "ca") if getattr(repository, name) is not None)
    for name in given:
        yield Finding((*where, name), "is only read for kind s3; remove it, or set kind to s3")
    yield from _folder(settings, where, PurePosixPath(repository.path))


def _folder(settings: Settings, where: Path, path: PurePosixPath) -> Iterator[Finding]:
    directory = PurePosixPath(settings.embedded.directory)
    if ".." in path.parts or len(path.parts) < 3:
        told = "allowed is an absolute path of two folders or more, such as /var/lib/postgres-backups/main"
        yield Finding((*where, "path"), f"found {str(path)!r}; {told}")
    elif directory.is_absolute() and path.is_relative_to(directory):
        told = f"lies in embedded.directory ({directory}), which make down removes with all backups; choose another"
        yield Finding((*where, "path"), told)


def _secrets(settings: Settings) -> Iterator[Finding]:
    for section, name, secret in settings.named_secrets():
        if secret not in settings.secrets:
            where = (section, *name.split("."))
            yield Finding(where, f"names the secret {secret}, which is not set: {COMMAND.format(secret)}")


def _schedule(settings: Settings) -> Iterator[Finding]:
    assert settings.backup is not None
    given = settings.backup.schedule.model_dump()
    for kind, text in given.items():
        if text and (fault := cron_fault(text)):
            yield Finding(("backup", "schedule", kind), fault)
    if not given["full"]:
        told = "is empty; without full backups nothing can ever expire: give a time, such as 0 1 * * 0"
        yield Finding(("backup", "schedule", "full"), told)


def _compression(settings: Settings) -> Iterator[Finding]:
    assert settings.backup is not None
    kind, level = settings.backup.compression.type, settings.backup.compression.level
    highest = HIGHEST_LEVEL.get(kind)
    if level is not None and (highest is None or level > highest):
        words = f"1 to {highest} for {kind}" if highest else "none, since type is none: remove it"
        yield Finding(("backup", "compression", "level"), f"found {level}; allowed is {words}")


def _restore(settings: Settings) -> Iterator[Finding]:
    restore, backup = settings.restore, settings.backup
    assert restore is not None
    targets = [name for name in ("time", "label", "lsn") if getattr(restore, name)]
    if len(targets) > 1:
        yield Finding(("restore", targets[1]), f"is one target too many beside {targets[0]}; keep one")
    if restore.time and not _zoned(restore.time):
        told = "allowed is an ISO time with its zone, such as 2026-11-21 10:00:00+00:00"
        yield Finding(("restore", "time"), f"found {restore.time!r}; {told}")
    if restore.repository is None and backup is None:
        yield Finding(("restore", "repository"), "is missing, and there is no backup.repository either; name one")
    same = backup is not None and restore.repository in (None, backup.repository) and restore.source == settings.name
    if same and not restore.in_place:
        yield Finding(
            ("restore", "from"),
            f"found {restore.source!r}, this cluster's own name, in the repository that it archives to: the old cluster"
            " and the new one would write one archive. Give the new cluster another name, or, if the old one is gone"
            " for good, set restore.in_place: true",
        )
    if settings.platform == "kubernetes" and settings.kubernetes.standby_of:
        yield Finding(("restore",), "a standby cluster is a copy of its primary; remove restore or standby_of")


def _zoned(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
