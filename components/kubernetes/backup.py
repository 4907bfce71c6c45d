"""What backups and a restore change of the manifests: `k8s/backup/` with a stack's settings over it. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from components.kubernetes.manifests import Component, Manifest, identity
from components.kubernetes.names import MEMBERS
from components.kubernetes.strategic import patched
from components.render.backup_pods import NAME, backup_files
from components.render.backup_sites import SECRETS_FILE
from components.render.pgbackrest import secrets_of
from components.settings.backup import RepositorySettings
from components.settings.model import Settings

RESTORE = f"{NAME}-restore"  # the Secret of the repository that a new cluster is made from
FIRST = ("Job", "backup-first")
REPOSITORY = "postgres-platform/repository"
HTTPS = 443
SECRETS = {"backup": NAME, "restore": RESTORE}


def with_backups(manifests: list[Manifest], component: Component, settings: Settings) -> list[Manifest]:
    """The base's manifests and those of backups; a stack with neither backup nor restore gets back what it gave."""
    if settings.backup is None and settings.restore is None:
        return manifests
    found = [_archiving(one, component, settings) for one in manifests]
    for one in component.manifests:
        manifest = copy.deepcopy(one)
        if identity(manifest) == ("ConfigMap", NAME):
            manifest["data"] = backup_files(settings)
            found.append(manifest)
        elif identity(manifest) == ("NetworkPolicy", "pg-backup"):
            _to_s3(manifest, settings)
            found.append(manifest)
        elif settings.backup and (wanted := _wanted(manifest, settings)):
            found.append(wanted)
    return found


def _wanted(manifest: Manifest, settings: Settings) -> Manifest | None:
    """What only backups need. Nothing runs while members sleep."""
    assert settings.backup is not None
    if manifest["kind"] == "CronJob":
        schedule = getattr(settings.backup.schedule, manifest["metadata"]["name"].removeprefix("backup-"))
        if not schedule:
            return None
        manifest["spec"] |= {"schedule": schedule, "suspend": settings.kubernetes.hibernate}
    elif identity(manifest) == FIRST:
        if settings.kubernetes.hibernate:
            return None
        # Another repository is empty: the Job is replaced, which makes the stanza there and takes a full backup.
        manifest["spec"]["template"]["metadata"]["annotations"] = {REPOSITORY: str(repository(settings))}
    _to_s3(manifest, settings)
    return manifest


def repository(settings: Settings) -> str | None:
    """Where backups lie, in words: another place, or another passphrase, is another repository."""
    if settings.backup is None:
        return None
    of, secret = settings.backup.repository, settings.backup.encryption
    return f"{of.bucket}{of.path} at {of.endpoint}, " + (f"encrypted by {secret}" if secret else "not encrypted")


def _to_s3(manifest: Manifest, settings: Settings) -> None:
    """Out to the ports of the repositories."""
    if manifest["kind"] != "NetworkPolicy":
        return
    ports = sorted({_port(one) for one in _repositories(settings)})
    for rule in manifest["spec"]["egress"]:
        if any("ipBlock" in peer for peer in rule["to"]):
            rule["ports"] = [{"port": port, "protocol": "TCP"} for port in ports]


def _repositories(settings: Settings) -> list[RepositorySettings]:
    own = [settings.backup.repository] if settings.backup else []
    return own + ([settings.source_repository] if settings.source_repository else [])


def _port(repository: RepositorySettings) -> int:
    return int((repository.endpoint or "").partition(":")[2] or HTTPS)


def _archiving(manifest: Manifest, component: Component, settings: Settings) -> Manifest:
    if identity(manifest) != ("StatefulSet", MEMBERS):
        return manifest
    manifest = patched(manifest, component.patches)
    pod = manifest["spec"]["template"]["spec"]
    if settings.backup is None:
        pod["containers"] = [one for one in pod["containers"] if one["name"] != NAME]
    volume = next(one for one in pod["volumes"] if one["name"] == "backup")
    volume["projected"]["sources"] = _sources(settings)
    return manifest


def _sources(settings: Settings) -> list[dict[str, Any]]:
    """What members see of the ConfigMap, and the Secrets that are theirs."""
    own = [name for name in backup_files(settings) if name not in ("host.conf", "backup.sh")]
    items = [{"key": name, "path": f"files/{name}"} for name in own]
    found: list[dict[str, Any]] = [{"configMap": {"name": NAME, "items": items}}]
    for secret, folder, wanted in ((NAME, "secrets", settings.backup), (RESTORE, "restore-secrets", settings.restore)):
        if wanted:
            found.append(
                {"secret": {"name": secret, "items": [{"key": SECRETS_FILE, "path": f"{folder}/{SECRETS_FILE}"}]}}
            )
    return found


def secrets(settings: Settings) -> Mapping[str, dict[str, str]]:
    """The Secrets by name: file -> text. They go nowhere but into a secret output."""
    return {SECRETS[part]: {SECRETS_FILE: text} for part, text in secrets_of(settings).items()}


def manifest(name: str) -> Manifest:
    """A Secret without its content."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque"}
