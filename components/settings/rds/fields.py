"""Types that the sections of `rds:` share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Strict

Whole = Annotated[int, Strict()]
Truth = Annotated[bool, Strict()]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
