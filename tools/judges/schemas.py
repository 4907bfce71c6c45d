"""Kubernetes' schemas as kubeconform wants them: each file with all that it refers to. Pure, but for the reading.

They are those that kubernetes-validate brings, whose files refer to a common one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = "lib/python*/site-packages/kubernetes_validate/kubernetes-json-schema/v{version}.0-local-strict"
COMMON, WITHIN = "/api/_definitions.json#/$defs/", "#/$defs/"
NAMES = "{{.ResourceKind}}{{.KindSuffix}}.json"  # kubeconform's words for the names of these files


def whole(schema: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with the definitions that it needs inside; it has no address, from which references would count."""
    needed: dict[str, Any] = {}
    waiting = list(_referred(schema))
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = common[name]
            waiting += _referred(common[name])
    found: dict[str, Any] = _within({**schema, "$defs": needed})
    return {key: value for key, value in found.items() if key != "$id"}


def _referred(schema: Any) -> Iterator[str]:
    """The names of the common definitions that a schema refers to."""
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition(WITHIN)[2]
        for value in schema.values():
            yield from _referred(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _referred(value)


def _within(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {
            key: value.replace(COMMON, WITHIN) if key == "$ref" and isinstance(value, str) else _within(value)
            for key, value in schema.items()
        }
    return [_within(value) for value in schema] if isinstance(schema, list) else schema


def file_name(manifest: Mapping[str, Any]) -> str:
    """statefulset-apps-v1.json; the group without a name is left out, and of others only the first word counts."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    return "-".join(part for part in (manifest["kind"].lower(), group.partition(".")[0], version) if part) + ".json"


def written(home: Path, version: str, objects: list[dict[str, Any]], folder: Path) -> str:
    """Writes the schemas of these objects' kinds; returns where kubeconform finds them, in its words.

    A kind that the version does not know has no file, which kubeconform then says.
    """
    [source] = home.glob(FOLDER.format(version=version))
    common = json.loads((source / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    for name in sorted({file_name(one) for one in objects}):
        if (source / name).is_file():
            schema = json.loads((source / name).read_text(encoding="utf-8"))
            (folder / name).write_text(json.dumps(whole(schema, common)), encoding="utf-8")
    return str(folder / NAMES)
