"""What is done with manifests, without any API: names, what is compared, what a change replaces. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from tests.plugins.protocol_types import Difference, compare
from tests.plugins.protocol_values import UNKNOWN, Path, leaves

Object = dict[str, Any]
ANNOTATION = "pulumi.com/"
INTERNAL = ("__fieldManager",)

# Fields that Kubernetes does not let anyone change, or that the real provider replaces for.
REPLACING: Mapping[str, tuple[Path, ...]] = {
    "StatefulSet": (
        ("spec", "podManagementPolicy"),
        ("spec", "revisionHistoryLimit"),
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
    ),
    "Deployment": (("spec", "selector"),),
    "DaemonSet": (("spec", "selector"),),
    "Job": (("spec", "completions"), ("spec", "parallelism"), ("spec", "selector"), ("spec", "template")),
    "PodDisruptionBudget": (("spec",),),
    "RoleBinding": (("roleRef",),),
    "ClusterRoleBinding": (("roleRef",),),
    "StorageClass": (("parameters",), ("provisioner",)),
    "PersistentVolumeClaim": (("spec",),),
    "Service": (("spec", "clusterIP"),),
    "ConfigMap": (("data",), ("binaryData",)),
    "Secret": (("data",), ("type",)),
}
IDENTITY: tuple[Path, ...] = (("metadata", "name"), ("metadata", "namespace"), ("kind",))


def annotation(manifest: Object, name: str) -> str | None:
    """One of Pulumi's own annotations, such as skipAwait."""
    found = (manifest.get("metadata") or {}).get("annotations") or {}
    value = found.get(f"{ANNOTATION}{name}")
    return None if value is None else str(value)


def is_patch(type_: str) -> bool:
    """Whether a resource only lays fields over an object that somebody else made."""
    return type_.endswith("Patch")


def manager(urn: str, manifest: Object) -> str:
    """Who owns the applied fields: one manager a resource, so that two resources never silently share a field."""
    given = annotation(manifest, "patchFieldManager")
    return given or f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def identity(manifest: Object) -> str:
    """namespace/name, or name: what Pulumi keeps as the id."""
    meta = manifest["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta["name"])


def located(type_: str, id_: str) -> Object:
    """A manifest with the name and namespace of an id, for reading and deleting; `type_` is Pulumi's token."""
    namespace, _, name = id_.rpartition("/")
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    _, group, kind = type_.split(":")
    return {"apiVersion": group.removeprefix("core/"), "kind": kind.removesuffix("Patch"), "metadata": meta}


def normal(manifest: Object) -> Object:
    """As the API server keeps it: a Secret's stringData becomes data."""
    if manifest.get("kind") != "Secret" or "stringData" not in manifest:
        return manifest
    texts = manifest["stringData"]
    if texts is UNKNOWN:
        return {**{key: value for key, value in manifest.items() if key != "stringData"}, "data": UNKNOWN}
    data = {
        name: text if text is UNKNOWN else base64.b64encode(str(text).encode()).decode() for name, text in texts.items()
    }
    kept = {key: value for key, value in manifest.items() if key != "stringData"}
    return {**kept, "data": {**(manifest.get("data") or {}), **data}}


def pruned(live: Any, inputs: Any) -> Any:
    """The part of a live object that the inputs speak of, so that defaults and status are no difference.

    Of a list whose length is the same each entry is pruned; else it is taken as it is.
    """
    if isinstance(inputs, Mapping) and isinstance(live, Mapping):
        return {key: pruned(live[key], value) for key, value in inputs.items() if key in live}
    if isinstance(inputs, list) and isinstance(live, list) and len(live) == len(inputs):
        return [pruned(one, other) for one, other in zip(live, inputs, strict=True)]
    return live


def difference(old: Object, new: Object, *, mutable: frozenset[str]) -> Difference:
    """How `new` differs from `old`; empty lists and maps are as good as none. `mutable` kinds are not replaced."""
    kind = str(new.get("kind"))
    fixed = IDENTITY if kind in mutable else (*IDENTITY, *REPLACING.get(kind, ()))
    found = compare(_full(old), _full(new), lambda path: any(path[: len(each)] == each for each in fixed))
    same_place = identity(old) == identity(new) if _placed(old) and _placed(new) else False
    return Difference(found.changed, found.replaced, delete_first=bool(found.replaced) and same_place)


def _placed(manifest: Object) -> bool:
    meta = manifest.get("metadata") or {}
    return isinstance(meta.get("name"), str) and isinstance(meta.get("namespace", ""), str)


def _full(value: Any) -> Any:
    """Without what is empty."""
    if isinstance(value, Mapping):
        inner = {key: _full(each) for key, each in value.items() if key not in INTERNAL}
        return {key: each for key, each in inner.items() if each is UNKNOWN or each not in (None, {}, [])}
    return [_full(each) for each in value] if isinstance(value, list) else value


def plain(live: Object, manager_name: str) -> Object:
    """What is kept in the state: the live object without its book-keeping of who owns which field."""
    meta = {key: value for key, value in live.get("metadata", {}).items() if key != "managedFields"}
    return {**live, "metadata": meta, "__fieldManager": manager_name}


def unknown_paths(manifest: Object) -> Iterator[Path]:
    """Where a preview knows no value yet."""
    return (path for path, value in leaves(manifest) if value is UNKNOWN)
