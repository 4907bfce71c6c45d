"""The ConfigMaps of k8s/: what the renderers make of a stack that sets nothing, so that neither drifts from the other.

Written by `make schema`, as every generated file is; a stack's own ConfigMaps are made by the Kubernetes component.
"""

from __future__ import annotations

from typing import Any

import yaml

from components.render.backup_pods import backup_files
from components.render.pods import Files, configuration_files
from components.settings.kubernetes import DEFAULT_MAJOR
from components.settings.load import load
from components.settings.model import Settings

WHAT = {
    "etcd": "etcd's file for each node, and its supervisor's.",
    "patroni": "Patroni's file, its supervisor's, and what a new cluster runs once.",
    "gateway": "PgBouncer's two files, HAProxy's, and their supervisor's.",
}


class Block(str):
    """A text that YAML shows line by line."""


def _block(dumper: yaml.SafeDumper, text: Block) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")


yaml.SafeDumper.add_representer(Block, _block)


def default_settings() -> Settings:
    """Those of a stack that says `platform: kubernetes` and nothing else."""
    return load({"platform": "kubernetes"}, default_major=DEFAULT_MAJOR)


def example_settings() -> Settings:
    """What k8s/backup/ says until somebody puts a bucket of their own there."""
    repository = {"kind": "s3", "path": "/main", "bucket": "backups", "endpoint": "s3.example.org"}
    repository |= {"region": "eu-central-1", "key": "key", "key_secret": "key-secret"}
    backup = {"repository": repository, "encryption": "passphrase"}
    known = dict.fromkeys(("key", "key-secret", "passphrase"), "in the Secret")
    return load({"platform": "kubernetes", "backup": backup, "secrets": known}, default_major=DEFAULT_MAJOR)


def backup_manifest() -> str:
    """The whole file k8s/backup/configuration.yaml."""
    told = "pgBackRest's files: put your own bucket, endpoint and region here, by an overlay or by hand."
    return f"# {told} Written by `make schema`.\n" + _dumped("pgbackrest", backup_files(example_settings()))


def archiving_patch() -> str:
    """The whole file k8s/backup/archiving.yaml."""
    own, plain = (configuration_files(one)["patroni"] for one in (example_settings(), default_settings()))
    changed = {name: text for name, text in own.items() if plain.get(name) != text}
    return "# Patroni's files of a cluster that archives. Written by `make schema`; do not edit.\n" + _dumped(
        "patroni", changed
    )


def configuration_manifest(name: str) -> str:
    """The whole file k8s/<name>-configuration.yaml."""
    files = configuration_files(default_settings())[name]
    return f"# {WHAT[name]} Written by `make schema`; do not edit.\n" + _dumped(name, files)


def _dumped(name: str, files: Files) -> str:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "postgres-platform"}},
        "data": {file: Block(text) for file, text in files.items()},
    }
    return yaml.safe_dump(manifest, sort_keys=False, width=1000)
