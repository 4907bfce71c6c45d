"""What an instance class has: vCPUs and memory, and the max_connections that RDS derives from it.

AWS's tables of classes name sizes only; what is in them follows from family and size, by the rules of the EC2 instance
types below (docs of EC2, "Instance type specifications").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

CLASS = re.compile(r"db\.([a-z]+\d+[a-z]*)\.((?:\d+)?[a-z]+)")
GIB = 1024**3

# Burstable families have their own table: size -> (vCPUs, GiB).
BURSTABLE: Mapping[str, tuple[int, float]] = {
    "micro": (2, 1),
    "small": (2, 2),
    "medium": (2, 4),
    "large": (2, 8),
    "xlarge": (4, 16),
    "2xlarge": (8, 32),
}
# GiB for each vCPU, by the family's beginning; the longest one that fits counts.
MEMORY_PER_VCPU: Mapping[str, float] = {
    "c": 2,
    "m": 4,
    "r": 8,
    "r3": 7.625,
    "r4": 7.625,
    "x1": 15.25,
    "x1e": 30.5,
    "x2g": 16,
    "x2i": 16,
    "x2ie": 32,
    "z1d": 8,
}

# RDS's default: LEAST({DBInstanceClassMemory/9531392},5000). DBInstanceClassMemory is what the class has less what RDS
# and the operating system keep, for which AWS gives no formula; 15 % is what a db.t4g.small was seen to lack.
BYTES_PER_CONNECTION = 9531392
MOST_CONNECTIONS = 5000
KEPT_BY_RDS = 0.15


@dataclass(frozen=True)
class Size:
    """Of one member."""

    vcpus: int
    memory: float  # GiB

    @property
    def max_connections(self) -> int:
        """What RDS's default formula gives, a little less than the real server has."""
        return min(int(self.memory * GIB * (1 - KEPT_BY_RDS) / BYTES_PER_CONNECTION), MOST_CONNECTIONS)


def size(instance_class: str) -> Size | None:
    """vCPUs and memory of a class; None when its name tells nothing (db.serverless)."""
    match = CLASS.fullmatch(instance_class)
    if match is None:
        return None
    family, name = match[1], match[2]
    if family.startswith("t"):
        found = BURSTABLE.get(name)
        return Size(*found) if found else None
    vcpus = _vcpus(name)
    beginnings = [known for known in MEMORY_PER_VCPU if family.startswith(known)]
    if vcpus is None or not beginnings:
        return None
    return Size(vcpus, vcpus * MEMORY_PER_VCPU[max(beginnings, key=len)])


def _vcpus(name: str) -> int | None:
    if name.endswith("xlarge"):
        return 4 * int(name.removesuffix("xlarge") or 1)
    return {"medium": 1, "large": 2}.get(name)


def is_burstable(instance_class: str) -> bool:
    """A class that earns CPU credits."""
    return instance_class.startswith("db.t")
