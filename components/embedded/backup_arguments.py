"""What goes into the resources of backups on this machine, computed from the settings. It opens nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.render.backup_sites import CONFIG_FILE, RESTORE_FILE, SECRETS_FILE, host_site
from components.render.pgbackrest import host_text, member_text, secrets_of, source_text
from components.render.restored import restored_to
from components.render.sites import MemberSite, Sites
from components.settings.model import Settings

Spec = dict[str, Any]
FOLDERS = ("conf.d", "restore.d", "log", "pgbackrest", "pgbackrest/lock")
SECRET_FOLDERS = {"backup": "conf.d", "restore": "restore.d"}


def concerned(settings: Settings) -> bool:
    """Whether this stack needs pgBackRest at all."""
    return settings.backup is not None or settings.restore is not None


def member_files(settings: Settings, site: MemberSite) -> dict[str, str]:
    """What lies in a member's folder."""
    return {CONFIG_FILE: member_text(settings, settings.backup, site)} if settings.backup else {}


def files_spec(settings: Settings, sites: Sites) -> Spec:
    """The files that are shared, without the secret ones."""
    return {
        "directory": f"{sites.directory}/backup",
        "folders": list(FOLDERS),
        "files": dict(_files(settings, sites)),
        "repositories": list(_folders(settings)),
        "restore": restored_to(settings),
        "source": _source(settings, sites),
    }


def _folders(settings: Settings) -> Iterator[str]:
    if settings.backup and settings.backup.repository.kind == "posix":
        yield settings.backup.repository.path


def _source(settings: Settings, sites: Sites) -> Spec | None:
    if settings.restore is None:
        return None
    site = host_site(sites.directory)
    return {"stanza": settings.restore.source, "config": site.source_config, "secrets": site.source_secrets}


def _files(settings: Settings, sites: Sites) -> Iterator[tuple[str, str]]:
    if settings.backup:
        yield CONFIG_FILE, host_text(settings, settings.backup, sites.members, host_site(sites.directory))
        if settings.backup.repository.ca:
            yield "ca.crt", settings.backup.repository.ca
    if settings.restore:
        yield RESTORE_FILE, source_text(settings, host_site(sites.directory))
        if settings.source_repository and settings.source_repository.ca:
            yield "restore-ca.crt", settings.source_repository.ca


def secret_files(settings: Settings) -> str:
    """JSON of the files that hold secrets, by their path below the same folder."""
    found = {f"{SECRET_FOLDERS[part]}/{SECRETS_FILE}": text for part, text in secrets_of(settings).items()}
    return json.dumps(found, sort_keys=True)


def backups_spec(settings: Settings, sites: Sites, members: Mapping[str, Any], admin: Mapping[str, str]) -> Spec:
    """The stanza. `backup` is what a preview compares to say what a change costs."""
    assert settings.backup is not None
    return {**repository_document(settings, sites), "members": members, "admin": admin, "backup": _compared(settings)}


def _compared(settings: Settings) -> Spec:
    """Without what other resources tell: archiving is the members' and the configuration's."""
    assert settings.backup is not None
    return settings.backup.model_dump(exclude={"archive_timeout", "archive_async", "archive_queue_max"})


def repository_document(settings: Settings, sites: Sites) -> dict[str, str]:
    """How pgBackRest is called for this cluster, for whoever takes backups."""
    site = host_site(sites.directory)
    return {"stanza": settings.name, "config": site.config, "secrets": site.secrets}
