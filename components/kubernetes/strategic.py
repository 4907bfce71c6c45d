"""Kubernetes' strategic merge, as far as `k8s/` uses it: mappings by key, lists of named things by their names."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from components.kubernetes.manifests import Manifest, identity

BY = {"volumeMounts": "mountPath", "ports": "containerPort"}  # everything else by `name`


def patched(manifest: Manifest, patches: Iterable[Manifest]) -> Manifest:
    """The manifest with those of the patches over it that name it."""
    for patch in patches:
        if identity(patch) == identity(manifest):
            manifest = merged(manifest, patch)
    return manifest


def merged(base: Any, patch: Any, key: str = "") -> Any:
    """`base` with the patch over it; what the patch adds comes last."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return {**base, **{name: merged(base.get(name), below, name) for name, below in patch.items()}}
    by = BY.get(key, "name")
    if isinstance(base, list) and isinstance(patch, list) and all(by in one for one in [*base, *patch]):
        return _by_name(base, patch, by)
    return copy.deepcopy(patch)


def _by_name(base: list[Any], patch: list[Any], by: str) -> list[Any]:
    changed = {one[by]: one for one in patch}
    known = {one[by] for one in base}
    kept = [merged(one, changed[one[by]]) if one[by] in changed else one for one in base]
    return [*kept, *(copy.deepcopy(one) for one in patch if one[by] not in known)]
