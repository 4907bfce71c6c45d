"""What Amazon RDS offers: versions, instance classes, regions and zones. Data made by tools/rds_data.py.

AWS adds to it every month. A name that is not here may be newer than the file (`read_on`), so messages say how old the
file is and how to renew it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "rds-offers.json"
VERSION = re.compile(r"([1-9]\d)\.([1-9]\d*)")

# Day after which RDS bills Extended Support, or upgrades. AWS has named these days for 11 and 12 ("RDS Extended Support
# charges" in the user guide); the others follow its rule, the last day of February after the community's own end.
STANDARD_SUPPORT: Mapping[int, date] = {
    11: date(2024, 2, 29),
    12: date(2025, 2, 28),
    13: date(2026, 2, 28),
    14: date(2027, 2, 28),
    15: date(2028, 2, 29),
    16: date(2029, 2, 28),
    17: date(2030, 2, 28),
    18: date(2031, 2, 28),
}
# PostgreSQL's majors get their minors on the same day: 14.18, 15.13, 16.9 and 17.5 are one release. This is how far
# each major's count lies behind that of 14.
BEHIND_14: Mapping[int, int] = {11: -12, 12: -7, 13: -3, 14: 0, 15: 5, 16: 9, 17: 13, 18: 19}
FARTHEST_UPGRADE = 5  # majors in one step


@dataclass(frozen=True, order=True)
class Version:
    """A minor version of PostgreSQL, such as 17.6."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def release(self) -> int:
        """A number that grows with time, equal for minors that came out together."""
        return self.minor + BEHIND_14.get(self.major, 0)


def version(text: str) -> Version | None:
    """`17.6` -> Version; None for what is no minor version."""
    match = VERSION.fullmatch(text)
    return Version(int(match[1]), int(match[2])) if match else None


def engine(topology: str) -> str:
    """RDS's name for the engine below a topology."""
    return "aurora-postgresql" if topology == "aurora" else "postgres"


@cache
def _offers() -> Mapping[str, Any]:
    plain: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return plain


def read_on() -> str:
    """The day on which the data was read, as yyyy-mm-dd."""
    return str(_offers()["read"])


def versions(topology: str, major: int) -> list[Version]:
    """Minor versions that exist, oldest first, those that nobody can create any more included."""
    known = _offers()["engines"][engine(topology)]["versions"].get(str(major), [])
    return [Version(major, minor) for minor in known]


def is_deprecated(topology: str, asked: Version) -> bool:
    """May this version no longer be created?"""
    gone = _offers()["engines"][engine(topology)]["deprecated"].get(str(asked.major), [])
    return asked.minor in gone


def creatable(topology: str, major: int) -> list[Version]:
    """Minor versions that can be created, oldest first."""
    return [one for one in versions(topology, major) if not is_deprecated(topology, one)]


def regions() -> list[str]:
    """Regions by name."""
    return list(_offers()["zones"])


def zones(region: str) -> tuple[str, ...]:
    """Availability zones of a region; empty for an unknown one."""
    return tuple(_offers()["zones"].get(region, ()))


def in_region(topology: str, region: str) -> frozenset[str]:
    """Instance classes of a topology in a region; empty when the region is not in the data."""
    tables = _offers()["classes_by_region"]
    return _expanded(tables["cluster" if topology == "cluster" else engine(topology)].get(region))


@cache
def anywhere(topology: str) -> frozenset[str]:
    """Instance classes that a topology has in some region."""
    return frozenset[str]().union(*(in_region(topology, region) for region in regions()))


def for_version(topology: str, asked: Version) -> frozenset[str]:
    """Instance classes that go with this version; empty when the data does not tell.

    The table does not tell engines apart, so it is no witness of a version that this one's engine has given up.
    """
    if asked not in creatable(topology, asked.major):
        return frozenset()
    return _expanded(_offers()["classes_by_version"].get(str(asked)))


@cache
def _expanded(number: int | None) -> frozenset[str]:
    if number is None:
        return frozenset()
    families: Mapping[str, str] = _offers()["classes"][number]
    return frozenset(
        f"db.{family}.{size}" if size else f"db.{family}"
        for family, sizes in families.items()
        for size in sizes.split(" ")
    )
