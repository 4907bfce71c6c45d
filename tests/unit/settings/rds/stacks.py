"""Stacks of platform rds for the tests, and what is wrong with a changed one."""

from __future__ import annotations

from datetime import date
from typing import Any

from components.settings.load import load
from components.settings.model import Settings
from components.settings.problems import SettingsError
from components.settings.rds.rules import advice

REGION = "eu-central-1"
IMAGE = "registry.example.com/pgbouncer@sha256:" + "0123456789abcdef" * 4
GOOD: dict[str, Any] = {"region": REGION, "pooler": {"image": IMAGE}}
TODAY = date(2026, 11, 21)


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`base` with `change` on top, mapping by mapping."""
    result = dict(base)
    for key, value in change.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return result


def config(rds: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    """A good stack's configuration with changes."""
    return {"platform": "rds", "rds": merged(GOOD, rds or {})} | others


def settings(rds: dict[str, Any] | None = None, **others: Any) -> Settings:
    """The settings of a good stack with changes that are good, too."""
    return load(config(rds, **others))


def problems(rds: dict[str, Any] | None = None, **others: Any) -> dict[str, str]:
    """Message by path of everything that is wrong; empty when nothing is."""
    try:
        load(config(rds, **others))
    except SettingsError as wrong:
        return {problem.path: problem.message for problem in wrong.problems}
    return {}


def advised(rds: dict[str, Any] | None = None, *, today: date = TODAY, **others: Any) -> dict[str, str]:
    """Message by path of what is allowed and unwise, in a stack that somebody may connect to."""
    asked = merged({"network": {"consumers": {"api": {"cidr": "10.9.0.0/16", "to": ["database"]}}}}, rds or {})
    return {".".join(path): message for path, message in advice(settings(asked, **others), today)}
