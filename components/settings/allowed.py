"""What a setting may hold, in words; read from the JSON schema, so that messages, manual and schema never differ."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from components.settings.model import Settings

Schema = dict[str, Any]
WORDS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


@cache
def settings_schema() -> Schema:
    """JSON schema of `Settings`, with its $defs."""
    return Settings.model_json_schema()


def resolve(schema: Schema) -> Schema:
    """Follow a reference and leave the `null` of an optional value out."""
    if "$ref" in schema:
        target: Schema = settings_schema()["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        return resolve(target | {key: value for key, value in schema.items() if key != "$ref"})
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if len(options) == 1:
        return resolve(options[0])
    return schema


def schema_at(path: Sequence[str | int]) -> Schema | None:
    """The schema of the setting at `path`; None when there is no such setting."""
    here = resolve(settings_schema())
    for part in path:
        if isinstance(part, int):
            below = here.get("items")
        else:
            below = here.get("properties", {}).get(part) or here.get("additionalProperties") or None
        if not isinstance(below, dict):
            return None
        here = resolve(below)
    return here


def allowed(schema: Schema) -> str:
    """The allowed values of one setting: `a whole number from 0 to 4`."""
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(allowed(resolve(option)) for option in schema["anyOf"])
    if "properties" in schema:
        return "a mapping of " + ", ".join(schema["properties"])
    if schema.get("type") == "object":
        below = resolve(schema.get("additionalProperties") or {})
        return f"a mapping of names to {_several(below, 'values')}"
    if schema.get("type") == "array":
        return f"a list of {_several(resolve(schema.get('items') or {}), 'texts')}"
    return _scalar(schema)


def _several(schema: Schema, otherwise: str) -> str:
    """What a list or a mapping holds: mappings of their own, lists, values of a fixed set, or plain ones."""
    if "properties" in schema:
        return "mappings of " + ", ".join(schema["properties"])
    if schema.get("type") == "array":
        return "lists of " + _several(resolve(schema.get("items") or {}), "texts")
    return "some of " + ", ".join(map(str, schema["enum"])) if "enum" in schema else otherwise


def _scalar(schema: Schema) -> str:
    words = WORDS.get(str(schema.get("type")), "a value")
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{words} from {low} to {high}"
    if "pattern" in schema:
        return f"{words} that matches {schema['pattern']}"
    if "maxLength" in schema:
        return f"{words} of {schema.get('minLength', 0)} to {schema['maxLength']} characters"
    return words
