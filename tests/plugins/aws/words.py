"""Pulumi's words for a resource and those of AWS's API, both ways, checked against botocore's shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.plugins.protocol_types import Failed
from tests.plugins.protocol_values import Props

NOT_SENT = ("region",)  # chooses the client


def parameters(shape: Any, inputs: Props, aliases: Mapping[str, str], ignored: Iterable[str] = ()) -> dict[str, Any]:
    """`inputs` as parameters of the operation whose input is `shape`.

    Fails on a property that the operation does not have: the stand-in must not lose one without a word.
    """
    skipped = frozenset(ignored)
    found, unknown = {}, []
    for name, value in inputs.items():
        if name in skipped or name in NOT_SENT or name.startswith("__") or value is None:
            continue
        word = member(shape, aliases.get(name, name))
        if word is None:
            unknown.append(name)
        else:
            found[word] = converted(shape.members[word], value)
    if unknown:
        raise Failed(f"{shape.name} has no parameter for {', '.join(sorted(unknown))}")
    return found


def converted(shape: Any, value: Any) -> Any:
    """A value in the form of a botocore shape: names in its letters, numbers and booleans of its type."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return parameters(shape, dict(value), {})
    if shape.type_name == "list":
        return [converted(shape.member, each) for each in (value if isinstance(value, list) else [value])]
    if shape.type_name == "string" and not isinstance(value, str):
        return str(value)
    if shape.type_name in ("integer", "long") and isinstance(value, str | float):
        return int(value)
    if shape.type_name in ("double", "float"):
        return float(value)
    if shape.type_name == "boolean" and isinstance(value, str):
        return value == "true"
    return value


def member(shape: Any, name: str) -> str | None:
    """The shape's own spelling of a member; None when it has none of that name."""
    if name in shape.members:
        return name
    return next((each for each in shape.members if each.lower() == name.lower()), None)


def found(description: Mapping[str, Any], inputs: Props, aliases: Mapping[str, str]) -> Props:
    """What AWS says of the properties in `inputs`; one that it does not tell stays as it was asked for."""
    low = {name.lower(): value for name, value in description.items()}
    answer = dict(inputs)
    for name, asked in inputs.items():
        said = low.get(aliases.get(name, name).lower())
        if said is not None and isinstance(said, str | int | float | bool) and not isinstance(asked, dict | list):
            answer[name] = asked if str(asked).lower() == str(said).lower() else said
        elif isinstance(said, list) and isinstance(asked, list) and all(isinstance(each, str) for each in said):
            answer[name] = asked if sorted(asked) == sorted(said) else said
    return answer


def tags(inputs: Props, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags in the form of most services."""
    return [{key: name, value: text} for name, text in sorted((inputs.get("tags") or {}).items())]


def tags_found(listed: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """The inverse of `tags`."""
    return {each[key]: each[value] for each in listed}
