"""What each major version of PostgreSQL knows as parameters: data made from pg_settings by tools/catalogue.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

FOLDER = Path(__file__).parent

Context = Literal["internal", "postmaster", "sighup", "superuser-backend", "backend", "superuser", "user"]


@dataclass(frozen=True)
class Parameter:
    """One row of pg_settings; `minimum` and `maximum` are counted in `unit`, `default` is the built-in one."""

    name: str
    context: Context
    kind: Literal["bool", "integer", "real", "string", "enum"]
    unit: str | None = None
    minimum: str | None = None
    maximum: str | None = None
    values: tuple[str, ...] = ()
    default: str | None = None

    @property
    def needs_restart(self) -> bool:
        return self.context == "postmaster"


@dataclass(frozen=True)
class Catalogue:
    """Parameters by lower-case name. `complete` is False when it stands in for a version that has none of its own: an
    unknown name then proves nothing.
    """

    major: int
    parameters: Mapping[str, Parameter]
    complete: bool = True

    def get(self, name: str) -> Parameter | None:
        """The parameter of that name, in whatever case it is written."""
        return self.parameters.get(name.lower())


def majors() -> list[int]:
    """The major versions that have a catalogue, oldest first."""
    return sorted(int(file.stem.removeprefix("postgres-")) for file in FOLDER.glob("postgres-*.json"))


def _parameter(name: str, plain: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=name,
        context=plain["context"],
        kind=plain["vartype"],
        unit=plain.get("unit"),
        minimum=plain.get("min_val"),
        maximum=plain.get("max_val"),
        values=tuple(plain.get("enumvals", ())),
        default=plain.get("boot_val"),
    )


@cache
def _read(major: int) -> Mapping[str, Parameter]:
    plain = json.loads((FOLDER / f"postgres-{major}.json").read_text(encoding="utf-8"))
    return MappingProxyType({name.lower(): _parameter(name, values) for name, values in plain.items()})


@cache
def catalogue(major: int | None) -> Catalogue:
    """The catalogue of a major version; the nearest one, marked incomplete, when that version has none.

    Without a version (the platform has not chosen yet) it is all of them together, where the newest decides.
    """
    if major is None:
        merged: dict[str, Parameter] = {}
        for known in majors():
            merged |= _read(known)
        return Catalogue(majors()[-1], MappingProxyType(merged))
    near = min(majors(), key=lambda known: (abs(known - major), known))
    return Catalogue(near, _read(near), complete=near == major)
