"""Kubernetes' quantities: "10Gi" -> bytes, "500m" -> thousandths of a core."""

from __future__ import annotations

import re
from typing import Any

BYTES = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
SIZE = r"^[1-9][0-9]{0,11}(Ki|Mi|Gi|Ti|k|M|G|T)?$"
CORES = r"^([1-9][0-9]{0,4}m|[1-9][0-9]{0,2}(\.[0-9]{1,3})?|0\.[0-9]{1,3})$"


def in_bytes(text: str) -> int:
    """`10Gi` -> 10737418240; raises ValueError for what is no size."""
    found = re.fullmatch(r"(\d+)([A-Za-z]*)", text)
    if found is None or found[2] not in BYTES:
        raise ValueError(f"not a size: {text}")
    return int(found[1]) * BYTES[found[2]]


def millicores(text: str) -> int:
    """`500m` -> 500, `1.5` -> 1500."""
    return int(text[:-1]) if text.endswith("m") else round(float(text) * 1000)


def megabytes(amount: int) -> str:
    """Bytes as PostgreSQL writes them, rounded down to whole megabytes: `256MB`."""
    return f"{amount // 2**20}MB"


def as_cores(value: Any) -> Any:
    """A plain number of cores (1, 0.5) is written as Kubernetes writes it."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
