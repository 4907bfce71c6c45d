"""A server parameter's value as text, however YAML spelt it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator


def _as_text(value: Any) -> Any:
    """A parameter's value as the server reads it: true -> on, 16 -> "16"; text stays as it is."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if isinstance(value, int | float) else value


ParameterValue = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int | float | bool)]
