"""The ConfigMaps of k8s/: what the renderers make of a stack that sets nothing, so that neither drifts from the other.

Written by `make schema`, as every generated file is; a stack's own ConfigMaps are made by the Kubernetes component.
"""

from __future__ import annotations

from typing import Any

import yaml

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
