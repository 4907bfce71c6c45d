"""Write the files that are made from the models: JSON schemas for editors, reference pages for people.

    python -m tools.schema           writes them
    python -m tools.schema --check   says which are not up to date, and fails

A generated file is one line of DOCUMENTS.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from components.access.spec import spec_schema
from components.access.spec.manual import access_manual
from components.settings.allowed import settings_schema
from components.settings.catalogue import Parameter, catalogue
from components.settings.model import NAMESPACE
from components.settings.owned import OWNED
from tools.manifests import (
    WHAT,
    archiving_election_patch,
    archiving_patch,
    backup_manifest,
    configuration_manifest,
    election_patch,
)
from tools.manual import configuration_manual

ROOT = Path(__file__).parent.parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS: dict[str, list[str]] = {
    "bool": ["boolean", "string"],
    "integer": ["integer", "string"],
    "real": ["number", "string"],
    "string": ["string", "number", "boolean"],
}

Schema = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """A generated file: its path in the project, and what makes its text."""

    path: str
    text: Callable[[], str]

    @property
    def current(self) -> bool:
        """Is what lies there what would be written now?"""
        place = ROOT / self.path
        return place.is_file() and place.read_text(encoding="utf-8") == self.text()

    def write(self) -> None:
        """Make the file, folders included."""
        place = ROOT / self.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(self.text(), encoding="utf-8")


def as_json(schema: Schema) -> str:
    """One text for one schema, whatever the machine."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def stack_schema() -> Schema:
    """Schema of a Pulumi.<stack>.yaml: our keys below `config:`, everything else as Pulumi has it."""
    plain = settings_schema()
    settings: Schema = {**plain["properties"], "parameters": parameters_schema(plain), "secrets": secrets_schema(plain)}
    return {
        "$schema": DIALECT,
        "title": "Stack of postgres-platform",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {f"{NAMESPACE}:{name}": schema for name, schema in settings.items()},
                "patternProperties": {f"^(?!{NAMESPACE}:)": True},
                "additionalProperties": False,
                "required": [f"{NAMESPACE}:{name}" for name in plain["required"]],
            }
        },
        "required": ["config"],
        "$defs": plain["$defs"],
    }


def parameters_schema(plain: Schema) -> Schema:
    """The server parameters that a stack may set, by name, so that editors complete them."""
    known = catalogue(None).parameters
    names = {name: one for name, one in known.items() if name not in OWNED and one.context != "internal"}
    return {
        "type": "object",
        "description": plain["properties"]["parameters"]["description"],
        "properties": {
            spelling: parameter_schema(one) for name, one in names.items() for spelling in sorted({name, one.name})
        },
        "patternProperties": {"\\.": {"type": ["string", "number", "boolean"]}},
        "additionalProperties": False,
    }


def parameter_schema(parameter: Parameter) -> Schema:
    """One parameter: its type, its unit, what it costs to change."""
    cost = "needs a rolling restart" if parameter.needs_restart else "a reload"
    unit = f", counted in {parameter.unit}" if parameter.unit else ""
    schema: Schema = {"description": f"Changing it: {cost}{unit}. Built-in default: {parameter.default or 'none'}."}
    if parameter.kind == "enum":
        truth = [value == "on" for value in parameter.values if value in ("on", "off")]
        return schema | {"enum": [*parameter.values, *truth]}
    return schema | {"type": KINDS[parameter.kind]}


def secrets_schema(plain: Schema) -> Schema:
    """In a file a secret stands encrypted, as a whole or each for itself; in clear it is a mistake."""
    encrypted: Schema = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
    return {
        "description": plain["properties"]["secrets"]["description"],
        "anyOf": [
            {**encrypted, "additionalProperties": False},
            {"type": "object", "additionalProperties": {**encrypted, "additionalProperties": False}},
        ],
    }


DOCUMENTS: list[Document] = [
    Document("schema/stack.schema.json", lambda: as_json(stack_schema())),
    Document("docs/configuration.md", configuration_manual),
    Document("schema/access.schema.json", lambda: as_json({"$schema": DIALECT, **spec_schema()})),
    Document("docs/access-spec.md", access_manual),
    Document("k8s/backup/configuration.yaml", backup_manifest),
    Document("k8s/backup/archiving.yaml", archiving_patch),
    Document("k8s/election-kubernetes/configuration.yaml", election_patch),
    Document("k8s/election-kubernetes/archiving/configuration.yaml", archiving_election_patch),
    *(Document(f"k8s/{name}-configuration.yaml", partial(configuration_manifest, name)) for name in WHAT),
]


def main() -> None:
    stale = [document for document in DOCUMENTS if not document.current]
    if "--check" in sys.argv[1:]:
        if stale:
            names = ", ".join(document.path for document in stale)
            raise SystemExit(f"not up to date: {names}; run `python -m tools.schema` and commit the result")
        return
    for document in stale:
        document.write()
        print(f"written: {document.path}")


if __name__ == "__main__":
    main()
