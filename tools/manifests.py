"""The ConfigMaps of k8s/: what the renderers make of a stack that sets nothing, so that neither drifts from the other.

Written by `make schema`, as every generated file is; a stack's own ConfigMaps are made by the Kubernetes component.
"""

from __future__ import annotations

from typing import Any

import yaml

from components.render.backup_pods import backup_files
from components.render.pod_layout import Files
from components.render.pods import configuration_files
from components.settings.kubernetes import DEFAULT_MAJOR
from components.settings.load import load
from components.settings.model import Settings

WHAT = {
    "etcd": "etcd's file for each node, and its supervisor's.",
    "patroni": "Patroni's file, its supervisor's, and what a new cluster runs once.",
    "gateway": "PgBouncer's two files, HAProxy's, and their supervisor's.",
}
_ELECTION: dict[str, Any] = {"platform": "kubernetes", "kubernetes": {"leader_election": "kubernetes"}}


class Block(str):
    """A text that YAML shows line by line."""


def _block(dumper: yaml.SafeDumper, text: Block) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")


yaml.SafeDumper.add_representer(Block, _block)


def default_settings() -> Settings:
    """Those of a stack that says `platform: kubernetes` and nothing else."""
    return load({"platform": "kubernetes"}, default_major=DEFAULT_MAJOR)


def election_settings() -> Settings:
    """Those of a stack whose lease the Kubernetes API keeps."""
    return load(_ELECTION, default_major=DEFAULT_MAJOR)


def example_settings(**kubernetes: str) -> Settings:
    """What k8s/backup/ says until somebody puts a bucket of their own there."""
    repository = {"kind": "s3", "path": "/main", "bucket": "backups", "endpoint": "s3.example.org"}
    repository |= {"region": "eu-central-1", "key": "key", "key_secret": "key-secret"}
    backup = {"repository": repository, "encryption": "passphrase"}
    known = dict.fromkeys(("key", "key-secret", "passphrase"), "in the Secret")
    given = {"platform": "kubernetes", "kubernetes": kubernetes, "backup": backup, "secrets": known}
    return load(given, default_major=DEFAULT_MAJOR)


def backup_manifest() -> str:
    """The whole file k8s/backup/configuration.yaml."""
    told = "pgBackRest's files: put your own bucket, endpoint and region here, by an overlay or by hand."
    return f"# {told} Written by `make schema`.\n" + _dumped("pgbackrest", backup_files(example_settings()))


def archiving_patch() -> str:
    """The whole file k8s/backup/archiving.yaml."""
    told = "# Patroni's files of a cluster that archives. Written by `make schema`; do not edit.\n"
    return told + _changed("patroni", example_settings(), default_settings())


def election_patch() -> str:
    """The whole file k8s/election-kubernetes/configuration.yaml."""
    pairs = [_changed(name, election_settings(), default_settings()) for name in ("patroni", "gateway")]
    told = "# The files of parts that have no etcd. Written by `make schema`; do not edit.\n"
    return told + "---\n".join(pairs)


def archiving_election_patch() -> str:
    """The whole file k8s/election-kubernetes/archiving/configuration.yaml."""
    told = "# Patroni's files of a cluster that archives and has no etcd. Written by `make schema`; do not edit.\n"
    return told + _changed("patroni", example_settings(**_ELECTION["kubernetes"]), election_settings())


def _changed(name: str, own: Settings, plain: Settings) -> str:
    """What of a ConfigMap differs between two stacks."""
    before = configuration_files(plain)[name]
    return _dumped(name, {file: text for file, text in configuration_files(own)[name].items() if before[file] != text})


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
