"""Which cluster a kubeconfig leads to, for people: the context's name, and its API server's address.

kubectl itself finds its way; asking it for these two words would start it once more in every preview.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from components.kubernetes.manifests import LOADER

DEFAULT = Path("~/.kube/config")


def leads_to(context: str | None, path: str | None) -> tuple[str, str]:
    """(context, address); empty where no file says so. `context` and `path` are the settings', as kubectl gets them."""
    return _where(context, list(_read(_files(path, os.environ))))


def _files(path: str | None, environment: Mapping[str, str]) -> list[Path]:
    """Those that kubectl reads: the one that it is given, else the list in $KUBECONFIG, else that of the home."""
    if path:
        return [Path(path)]
    given = [Path(each) for each in environment.get("KUBECONFIG", "").split(os.pathsep) if each]
    return given or [DEFAULT.expanduser()]


def _read(files: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    """What of it can be read; what is wrong with a file, kubectl says in its own words."""
    for file in files:
        try:
            plain = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  a safe loader
        except (OSError, ValueError, yaml.YAMLError):
            continue
        if isinstance(plain, dict):
            yield plain


def _where(context: str | None, files: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Of several files the first that names a thing counts, as in kubectl."""
    chosen = context or next((str(name) for one in files if (name := one.get("current-context"))), "")
    cluster = _named(files, "contexts", chosen, "context").get("cluster")
    return chosen, str(_named(files, "clusters", cluster, "cluster").get("server") or "")


def _named(files: Sequence[Mapping[str, Any]], kind: str, name: Any, key: str) -> Mapping[str, Any]:
    for one in files:
        for each in one.get(kind) or ():
            if isinstance(each, dict) and each.get("name") == name:
                return each.get(key) or {}
    return {}
