"""How a setting is declared: its meaning, its unit, and what a change of it costs a running cluster."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Cost = Literal[
    "nothing restarts",
    "reload",
    "restart of the gateway",
    "rolling restart",
    "restart of everything",
    "members are added or removed",
    "new cluster",
    # Amazon RDS
    "at once",
    "at once, slow",
    "at once, outage",
    "read when made",
    "next window",
    "next window, outage",
    "reload or reboot",
    "clients reconnect",
    "new replica",
    "a primary of its own",
    "see each",
]


class Section(BaseModel):
    """A frozen part of the settings that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def setting(default: Any = ..., *, cost: Cost, description: str, unit: str | None = None, **rules: Any) -> Any:
    """A pydantic field that also carries `unit` and `cost` into the JSON schema and the generated manual."""
    extra: dict[str, Any] = {"x-cost": cost} | ({"x-unit": unit} if unit else {})
    return Field(default, description=description, json_schema_extra=extra, **rules)
