"""PostgreSQL's numbers with units: "16MB" -> 16384, in the unit that the parameter counts in."""

from __future__ import annotations

import re

MEMORY = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
TIME = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?0[xX][0-9a-fA-F]+)\s*([a-zA-Z]*)\s*")
BASE = re.compile(r"(\d*)([a-zA-Z]+)")


def family(unit: str | None) -> dict[str, float]:
    """The units that a parameter counted in `unit` takes."""
    if unit is None:
        return {}
    name = _split(unit)[1]
    return {**MEMORY} if name in MEMORY else {**TIME}


def _split(unit: str) -> tuple[int, str]:
    """`8kB` -> (8, "kB")."""
    match = BASE.fullmatch(unit)
    if match is None:
        raise ValueError(f"not a unit: {unit}")
    return int(match[1] or 1), match[2]


def number(text: str, unit: str | None = None) -> float:
    """`text` counted in `unit`; raises ValueError with the allowed forms in its text when it is no such number."""
    match = NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(_expected(unit))
    amount = float(int(match[1], 16)) if "x" in match[1].lower() else float(match[1])
    if not match[2]:
        return amount
    known = family(unit)
    if unit is None or match[2] not in known:
        raise ValueError(_expected(unit))
    count, base = _split(unit)
    return amount * known[match[2]] / (count * known[base])


def _expected(unit: str | None) -> str:
    if unit is None:
        return "a number without unit"
    return (
        f"a number, counted in {unit}, or with one of the units {', '.join(family(unit))} (upper and lower case matter)"
    )


def whole(text: str, unit: str | None = None) -> int:
    """Like `number`, rounded as the server rounds; raises ValueError for what is no number."""
    return round(number(text, unit))
