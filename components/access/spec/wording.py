"""What is wrong with a value, in words: what was found, what is allowed, the nearest name that is known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic_core import ErrorDetails

from components.access.spec.models import Spec

Schema = dict[str, Any]
LONGEST_SHOWN = 60
_KINDS = {"string": "a text", "integer": "a whole number", "boolean": "true or false", "null": "nothing"}


@cache
def spec_schema() -> Schema:
    """JSON schema of a spec, for editors; `${name}` of for_each is taken in any key or value."""
    schema = Spec.model_json_schema(by_alias=True)
    lists = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1}}
    words = "Name -> values; a key or list item that holds ${name} is repeated for each value."
    schema["properties"]["for_each"] = {**lists, "description": words}
    return schema


def message(detail: ErrorDetails) -> str:
    """One of pydantic's findings as a sentence of ours."""
    path = tuple(part for part in detail["loc"] if part != "[key]")
    kind, value = detail["type"], detail["input"]
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "extra_forbidden":
        return unknown("key", str(path[-1]), properties(path[:-1]))
    words = allowed(schema_at(path))
    if kind == "missing":
        return f"is missing; allowed is {words}"
    like = nearest(str(value), _enum(schema_at(path)))
    return f"found {_shown(value)}; allowed is {words}" + (f"; did you mean {like}?" if like else "")


def unknown(noun: str, name: str, known: Iterable[str]) -> str:
    """`no such role: nx_ap, did you mean nx_app? known: ...`"""
    names = sorted(known)
    like = nearest(name, names)
    listing = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"no such {noun}: {name}" + (f"; did you mean {like}?" if like else "") + f" (known: {listing or 'none'})"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, when one is like it at all."""
    import difflib  # here, because only a mistake needs it

    found = difflib.get_close_matches(name.lower(), sorted(known), n=1, cutoff=0.6)
    return found[0] if found else None


def schema_at(path: Iterable[str | int]) -> Schema:
    """The schema at a path; {} where there is none."""
    here = _resolved(spec_schema())
    for part in path:
        here = _below(here, part)
    return here


def properties(path: Iterable[str | int]) -> list[str]:
    """The keys that the mapping at a path may have."""
    return [name for option in _options(schema_at(path)) for name in option.get("properties", {})]


def _below(here: Schema, part: str | int) -> Schema:
    for option in _options(here):
        if isinstance(part, int):
            found = option.get("items")
        else:
            found = option.get("properties", {}).get(part) or option.get("additionalProperties")
            found = found or next(iter(option.get("patternProperties", {}).values()), None)
        if isinstance(found, dict):
            return _resolved(found)
    return {}


def _options(schema: Schema) -> list[Schema]:
    """A union's members, each resolved."""
    if "anyOf" not in schema:
        return [schema]
    return [deep for option in schema["anyOf"] for deep in _options(_resolved(option))]


def _resolved(schema: Schema) -> Schema:
    if "$ref" in schema:
        target: Schema = spec_schema()["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        return _resolved(target)
    return schema


def _enum(schema: Schema) -> list[str]:
    return [str(value) for option in _options(schema) for value in _values(option)]


def _values(schema: Schema) -> list[Any]:
    own = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    return [*own, *_enum(_resolved(schema["items"]))] if isinstance(schema.get("items"), dict) else own


def allowed(schema: Schema) -> str:
    """The allowed values in words."""
    return " or ".join(dict.fromkeys(_words(option) for option in _options(schema))) or "nothing"


def _words(schema: Schema) -> str:
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return ("one of " if len(values) > 1 else "") + ", ".join(map(str, values))
    if "properties" in schema:
        return f"a mapping of {', '.join(schema['properties'])}"
    if schema.get("type") == "object":
        return "a mapping"
    if schema.get("type") == "array":
        return f"a list of {allowed(_resolved(schema.get('items', {})))}"
    return _scalar(schema)


def _scalar(schema: Schema) -> str:
    words = _KINDS.get(str(schema.get("type")), "a value")
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{words} from {low} to {high}"
    return f"{words} that matches {schema['pattern']}" if "pattern" in schema else words


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=lambda _: "a value")
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."
