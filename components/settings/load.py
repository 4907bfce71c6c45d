"""A stack's configuration, as Pulumi hands it over, -> `Settings`; or every problem that it has, in one report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components.settings.allowed import allowed, schema_at
from components.settings.finding import Finding
from components.settings.model import NAMESPACE, Settings
from components.settings.nearest import nearest
from components.settings.problems import Problem, SettingsError
from components.settings.rds.model import DEFAULT_MAJOR
from components.settings.rules import findings
from components.settings.source import Source

TEXTS = frozenset({"platform", "name", "durability"})  # given as they stand; everything else may come as JSON
SHOWN = 60  # characters of a wrong value that a message repeats


def load(config: Mapping[str, Any], source: Source | None = None, *, default_major: int | None = None) -> Settings:
    """Settings of one stack.

    `config` maps keys, with or without the project's namespace, to plain values or to the JSON texts that Pulumi gives;
    keys of other namespaces are not ours and are passed over. `source` adds file and line to problems. `default_major`
    is used when the stack names no major version. Raises SettingsError with all problems at once.
    """
    settings, problems = attempt(config, source, default_major=default_major)
    if problems:
        raise SettingsError(problems)
    return settings


def attempt(
    config: Mapping[str, Any], source: Source | None = None, *, default_major: int | None = None
) -> tuple[Settings, list[Problem]]:
    """Like `load`, with the problems beside settings that hold defaults in place of what was wrong."""
    given = decoded(config)
    if default_major is not None and given.get("major") is None:
        given["major"] = default_major
    settings, found = _validated(given)
    wrong = {finding.path for finding in found}
    found += [finding for finding in findings(settings) if finding.path not in wrong]
    return settings, [located(finding, source) for finding in found]


def decoded(config: Mapping[str, Any]) -> dict[str, Any]:
    """Our keys without their namespace, JSON texts as values, the platform's own timing preset filled in."""
    given: dict[str, Any] = {}
    for key, value in config.items():
        namespace, _, name = key.rpartition(":")
        if namespace in ("", NAMESPACE):
            given[name] = value if name in TEXTS else _from_json(value)
    patroni = given.get("patroni", {})
    if isinstance(patroni, dict) and given.get("platform") in ("kubernetes", "rds"):
        given["patroni"] = {"timing": "normal"} | patroni
    return _for_rds(given, config.get("aws:region")) if given.get("platform") == "rds" else given


def _for_rds(given: dict[str, Any], region: Any) -> dict[str, Any]:
    """The default major version of Amazon RDS, whatever this machine has, and the region that Pulumi's AWS uses."""
    rds = given.get("rds", {})
    if isinstance(rds, dict) and region is not None:
        given = given | {"rds": {"region": region} | rds}
    return given | {"major": DEFAULT_MAJOR} if given.get("major") is None else given


def _from_json(value: Any) -> Any:
    """The value as JSON knows it, so that a plain mapping and Pulumi's text of it are checked alike."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    try:
        return json.loads(text)
    except ValueError:
        return value


def _validated(given: dict[str, Any]) -> tuple[Settings, list[Finding]]:
    """The settings and what pydantic found; with findings, the settings hold defaults in place of what was wrong.

    So the rules between settings are checked in the same run even when a single value is wrong.
    """
    found: list[Finding] = []
    while True:
        try:
            return Settings.model_validate(given), found
        except ValidationError as error:
            errors = error.errors(include_url=False, include_context=False)
            found += [Finding(_path(detail["loc"]), _message(detail)) for detail in errors]
            for detail in errors:
                given = _without(given, detail["loc"])


def _path(loc: tuple[int | str, ...]) -> tuple[str, ...]:
    return tuple(str(part) for part in loc if part != "[key]")


def _without(given: dict[str, Any], loc: tuple[int | str, ...]) -> dict[str, Any]:
    """`given` less the value at `loc`; the whole setting when it cannot be taken out alone."""
    if loc == ("platform",):
        return given | {"platform": "embedded"}
    head, rest = str(loc[0]), loc[1:]
    below = given.get(head)
    if rest and isinstance(below, dict) and rest[0] in below:
        return given | {head: _without(below, rest)}
    return {key: value for key, value in given.items() if key != head}


def _message(detail: ErrorDetails) -> str:
    path, kind = detail["loc"], detail["type"]
    if kind == "extra_forbidden":
        return _unknown(path)
    words = allowed(schema_at(path) or {})
    if kind == "missing":
        return f"is missing; allowed is {words}"
    hint = _hint(path, detail["input"])
    return f"found {_shown(path, detail['input'])}; allowed is {words}{hint}"


def _unknown(path: tuple[int | str, ...]) -> str:
    known = list((schema_at(path[:-1]) or {}).get("properties", {}))
    like = nearest(str(path[-1]), known)
    meant = f"did you mean {like}? " if like else ""
    return f"there is no such setting; {meant}known here: {', '.join(known)}"


def _hint(path: tuple[int | str, ...], value: Any) -> str:
    like = nearest(str(value), map(str, (schema_at(path) or {}).get("enum", []))) if path[0] != "secrets" else None
    return f"; did you mean {like}?" if like else ""


def _shown(path: tuple[int | str, ...], value: Any) -> str:
    """A wrong value as the person wrote it, cut short; never a secret."""
    if path[0] == "secrets" or (schema_at(path) or {}).get("format") == "password":
        return "a value that is not shown"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=lambda _: "a value")
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def located(finding: Finding, source: Source | None) -> Problem:
    """The finding with file and line, where they are known."""
    line = source.line(finding.path) if source else None
    return Problem(".".join(finding.path), finding.message, source.file if source else None, line)
