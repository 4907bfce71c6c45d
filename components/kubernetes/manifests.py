"""Reads `k8s/` as kustomize would: the files that its kustomization.yaml files list, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "k8s"
# The parser in C is ten times as fast, and every preview reads these files.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
UNDERSTOOD = frozenset({"apiVersion", "kind", "namespace", "resources", "labels", "images"})
UNDERSTOOD_OF_COMPONENTS = UNDERSTOOD | {"patches"}


@dataclass(frozen=True, kw_only=True)
class Component:
    """Manifests that only some stacks have, and patches of those that all have."""

    manifests: tuple[Manifest, ...]
    patches: tuple[Manifest, ...]


@dataclass(frozen=True, kw_only=True)
class Kustomization:
    """The manifests in their order, what kustomize puts over all of them, and the components that some stacks have."""

    manifests: tuple[Manifest, ...]
    monitoring: tuple[Manifest, ...]  # those of k8s/monitoring, which only the Prometheus operator understands
    namespace: str
    labels: dict[str, str]
    images: dict[str, str]  # name -> name:tag
    backup: Component
    election: Component  # without etcd


def read(folder: Path = FOLDER) -> Kustomization:
    """Everything in `folder`; raises ValueError when its kustomization.yaml has a word that we would pass over."""
    root = _root(folder, UNDERSTOOD)
    labels = {key: value for rule in root.get("labels", []) for key, value in rule["pairs"].items()}
    images = {one["name"]: f"{one.get('newName', one['name'])}:{one['newTag']}" for one in root.get("images", [])}
    return Kustomization(
        manifests=_listed(folder, root),
        monitoring=_component(folder / "monitoring").manifests,
        namespace=root["namespace"],
        labels=labels,
        images=images,
        backup=_component(folder / "backup"),
        election=_component(folder / "election-kubernetes"),
    )


def _root(folder: Path, understood: frozenset[str]) -> Manifest:
    """The folder's kustomization.yaml, no word of which is passed over."""
    root = _load(folder / "kustomization.yaml")[0]
    if strange := sorted(root.keys() - understood):
        raise ValueError(f"{folder.name}/kustomization.yaml: {', '.join(strange)} is not understood by the component")
    return root


def _listed(folder: Path, root: Manifest) -> tuple[Manifest, ...]:
    return tuple(manifest for name in root["resources"] for manifest in _load(folder / name))


def _component(folder: Path) -> Component:
    """A kustomize Component; raises ValueError as `read` does."""
    root = _root(folder, UNDERSTOOD_OF_COMPONENTS)
    patches = tuple(patch for one in root.get("patches", ()) for patch in _load(folder / one["path"]))
    return Component(manifests=_listed(folder, root), patches=patches)


def _load(file: Path) -> list[Manifest]:
    with file.open("rb") as stream:
        return [one for one in yaml.load_all(stream, Loader=LOADER) if one]


def identity(manifest: Manifest) -> tuple[str, str]:
    """Kind and name, which say which one it is."""
    return manifest["kind"], manifest["metadata"]["name"]


def pod_of(manifest: Manifest) -> Manifest:
    """The specification of the pods that it makes; {} where it makes none."""
    spec = manifest.get("spec", {})
    found: Manifest = spec.get("jobTemplate", {}).get("spec", spec).get("template", {}).get("spec", {})
    return found
