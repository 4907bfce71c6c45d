"""Looked at before anything is touched: pgBackRest, the folder of the repository, and whether a restore may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from components.embedded import pgbackrest
from components.embedded.backup_arguments import concerned
from components.embedded.backup_files import has_data, made_from
from components.embedded.files import Account
from components.embedded.pgbackrest import Version
from components.embedded.place import Place, reachable
from components.render.restored import restored_to, target
from components.settings.model import Settings

# The first pgBackRest that knows a major version's control file.
KNOWS: Mapping[int, Version] = {16: (2, 48), 17: (2, 52), 18: (2, 55)}


def problems(settings: Settings, where: Place, account: Account) -> Iterator[str]:
    """One sentence each; nothing for a stack without backups."""
    if not concerned(settings):
        return
    yield from _program(settings)
    yield from _folders(settings, where, account)
    if settings.restore and has_data(where.real):
        yield from _restored_already(settings, where)


def _program(settings: Settings) -> Iterator[str]:
    found, needed = pgbackrest.version(), KNOWS.get(settings.known_major, (2, 45))
    if found is None:
        yield "the program pgbackrest is missing: apt-get install pgbackrest, or run make up, which does it"
    elif found < needed:
        yield (
            f"pgBackRest {_shown(found)} does not know PostgreSQL {settings.known_major}: install {_shown(needed)} or"
            " newer (the packages of apt.postgresql.org have it), set major to an older one, or remove backup and"
            " restore"
        )


def _shown(version: Version) -> str:
    return ".".join(map(str, version))


def _folders(settings: Settings, where: Place, account: Account) -> Iterator[str]:
    for section, repository in (
        ("backup", settings.backup.repository if settings.backup else None),
        ("restore", settings.restore.repository if settings.restore else None),
    ):
        if repository is None or repository.kind != "posix":
            continue
        path, setting = Path(repository.path), f"{section}.repository.path"
        if path.resolve().is_relative_to(where.real) or path.is_relative_to(where.wanted):
            yield f"{setting} {path} lies in {where.wanted}, which make down removes; choose another folder"
        elif not reachable(path, account):
            yield f"{setting} {path} cannot be reached by the account {account.name}, which runs pgBackRest"
        elif path.exists() and path.stat().st_uid != account.uid:
            yield f"{setting} {path} does not belong to the account {account.name}, which runs pgBackRest"


def _restored_already(settings: Settings, where: Place) -> Iterator[str]:
    wanted = restored_to(settings)
    if wanted and made_from(where.real) != wanted:
        yield (
            f"restore makes a new cluster, and {where.wanted} holds one, which was not restored from {wanted['source']}"
            f" {target(wanted)}: remove restore; or run make down first, which ends that cluster and keeps its"
            " repository; or choose another embedded.directory, base_port and name"
        )
