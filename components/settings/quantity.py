"""Kubernetes' quantities: "10Gi" -> bytes, "500m" -> thousandths of a core."""

from __future__ import annotations

import re
from typing import Any

BINARY = {f"{letter}i": 2 ** (10 * power) for power, letter in enumerate("KMGTPE", start=1)}
DECIMAL = {letter: 10 ** (3 * power) for power, letter in enumerate("kMGTPE", start=1)}
BYTES: dict[str, float] = {"": 1, "m": 0.001} | BINARY | DECIMAL
SIZE = r"^[1-9][0-9]{0,11}(Ki|Mi|Gi|Ti|k|M|G|T)?$"
CORES = r"^([1-9][0-9]{0,4}m|[1-9][0-9]{0,2}(\.[0-9]{1,3})?|0\.[0-9]{1,3})$"


def in_bytes(text: str) -> int:
    """`10Gi` -> 10737418240, in whatever form Kubernetes writes a size; raises ValueError for what is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:[eE](\d+)|([A-Za-z]*))", text)
    if found is None or (found[3] or "") not in BYTES:
        raise ValueError(f"not a size: {text}")
    amount: float = float(found[1]) * 10.0 ** int(found[2] or 0) * BYTES[found[3] or ""]
    return round(amount)


def millicores(text: str) -> int:
    """`500m` -> 500, `1.5` -> 1500."""
    return int(text[:-1]) if text.endswith("m") else round(float(text) * 1000)


def megabytes(amount: int) -> str:
    """Bytes as PostgreSQL writes them, rounded down to whole megabytes: `256MB`."""
    return f"{amount // 2**20}MB"


def as_cores(value: Any) -> Any:
    """A plain number of cores (1, 0.5) is written as Kubernetes writes it."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
