"""What RDS's parameter groups know beyond PostgreSQL's own parameters, and what they do not let anybody change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from components.settings.catalogue import Parameter, catalogue

FILE = Path(__file__).parent / "rds-parameters.json"
LAST_WITHOUT_FORCED_TLS = 14

Apply = Literal["static", "dynamic"]
CONTEXT: Mapping[str, Any] = {"static": "postmaster", "dynamic": "sighup"}


@cache
def _data() -> Mapping[str, Any]:
    plain: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return plain


@cache
def added(major: int, engine: str) -> Mapping[str, Parameter]:
    """rds.* and the parameters of extensions that a parameter group of this family has, by name."""
    return {
        name: _parameter(name, plain, major)
        for name, plain in _data()["added"].items()
        if engine in plain.get("engines", (engine,)) and major <= plain.get("until", major)
    }


def _parameter(name: str, plain: Mapping[str, Any], major: int) -> Parameter:
    default = plain.get("default")
    return Parameter(
        name=name,
        context=CONTEXT[plain["apply"]],
        kind=plain["vartype"],
        unit=plain.get("unit"),
        minimum=plain.get("min_val"),
        maximum=plain.get("max_val"),
        values=tuple(plain.get("enumvals", ())),
        default=plain.get("default_until_14", default) if major <= LAST_WITHOUT_FORCED_TLS else default,
    )


def parameter(name: str, major: int, engine: str) -> Parameter | None:
    """PostgreSQL's parameter, or RDS's, or an extension's; None when neither data knows it."""
    return added(major, engine).get(name.lower()) or catalogue(major).get(name)


def is_fixed(name: str) -> bool:
    """Does RDS show it and let nobody change it?"""
    return name.lower() in _data()["fixed"]


def has_prefix(name: str) -> bool:
    """Is it a parameter of an extension that has some in RDS's parameter groups?"""
    return name.partition(".")[0].lower() in _data()["prefixes"]


def preloadable() -> frozenset[str]:
    """Libraries that RDS takes in shared_preload_libraries."""
    return frozenset(_data()["preload"])


def extensions(major: int) -> frozenset[str]:
    """Extensions that RDS for PostgreSQL lists; AWS adds to them, so one that is missing proves little."""
    return frozenset(_data()["extensions"].get(str(major), ()))


def absent_extensions() -> frozenset[str]:
    """Extensions that RDS is known not to have."""
    return frozenset(_data()["absent"])
