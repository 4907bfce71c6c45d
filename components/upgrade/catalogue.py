"""Which checks belong to a pair of major versions: data, and the pure choice among it.

Sources: pg_upgrade's own checks (src/bin/pg_upgrade/check.c and version.c of 12 to 18), the pages of AWS's user guide
on major upgrades and on logical slots, and the release notes. Tables WITH OIDS, which only 11 has, are left to RDS's
own precheck. Views are judged by what catalogues lost from major to major, read from real servers (removed.json, which
a test holds against them).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NEWEST = 18
LARGE_OBJECTS = 1_000_000  # from about here pg_upgrade takes hours and much memory for them

# Only regclass, regrole and regtype keep their meaning; the others hold numbers that a new catalogue counts anew.
REG_TYPES = tuple(
    f"pg_catalog.{name}"
    for name in (
        "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator", "regproc",
        "regprocedure",
    )
)  # fmt: skip
# Extensions that PostgreSQL, or RDS, dropped: name -> the first major without it.
REMOVED_EXTENSIONS: Mapping[str, int] = {"timetravel": 12, "adminpack": 17, "old_snapshot": 17}
# AWS: these must be at the newest version that the old server has, or its precheck ends the upgrade.
UPDATED_FIRST = (
    "address_standardizer", "address_standardizer_data_us", "postgis", "postgis_raster", "postgis_tiger_geocoder",
    "postgis_topology",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question. `query` names a file of queries/; each row is (object, what to do about it).

    `why` follows the object in a message. `stops`: the upgrade would fail; else it is only told. `each`: asked in every
    database. `crossing`: only on the way to this major or beyond, from below it. `least`, `most`: of the old major.
    """

    query: str
    why: str
    stops: bool = True
    each: bool = True
    crossing: int | None = None
    least: int = 0
    most: int = NEWEST
    given: Mapping[str, Any] = field(default_factory=dict)

    def concerns(self, old: int, new: int) -> bool:
        """Is it asked on the way from `old` to `new`?"""
        crossed = self.crossing is None or old < self.crossing <= new
        return crossed and self.least <= old <= self.most

    @property
    def sql(self) -> str:
        """The question's text."""
        return _text(self.query)


@cache
def _text(name: str) -> str:
    return (HERE / "queries" / f"{name}.sql").read_text(encoding="utf-8")


COUNTED_ANEW = "holds numbers of the old catalogue, which mean something else in the new one"
GONE = "has a type that the new version does not have"
OTHER_BYTES = "has a type whose form on disk is another in the new version"
CHECKS = (
    Check(query="prepared_transactions", each=False, why="is prepared and not finished"),
    Check(
        query="logical_slots", each=False, most=16,
        why="would be lost: below 17 no slot is taken along, and RDS refuses",
    ),
    Check(
        query="logical_slots", each=False, least=17, stops=False,
        why="is taken along only when its consumer has read everything, so stop what writes first",
    ),
    Check(query="invalid_databases", each=False, why="was being dropped when that was interrupted, and is invalid"),
    Check(query="closed_databases", each=False, why="lets nobody connect, so nobody can upgrade it"),
    Check(query="templates", each=False, why="is not as PostgreSQL made it"),
    Check(
        query="unread_databases", each=False, stops=False,
        why="was not looked into: this login may not connect to it",
    ),
    Check(query="columns_of_types", why=COUNTED_ANEW, given={"types": list(REG_TYPES)}),
    Check(query="system_row_types", why="holds rows of a catalogue, whose form changes from version to version"),
    Check(query="columns_of_types", why=OTHER_BYTES, crossing=16, given={"types": ["pg_catalog.aclitem"]}),
    Check(
        query="columns_of_types", why=GONE, crossing=12,
        given={"types": ["pg_catalog.abstime", "pg_catalog.reltime", "pg_catalog.tinterval"]},
    ),
    Check(
        query="columns_of_types", why=OTHER_BYTES, crossing=12,
        given={"types": ["information_schema.sql_identifier"]},
    ),
    Check(query="changed_catalogs", why="names what the new version does not have"),
    Check(query="not_null_in_children", crossing=18, why="may hold NULL, which 18 does not take over"),
    Check(query="postfix_operators", crossing=14, why="stands behind its operand, which 14 gave up"),
    Check(query="encoding_conversions", crossing=14, why="calls its function with arguments that 14 changed"),
    Check(query="polymorphic_functions", crossing=14, why="takes types that 14 changed"),
    Check(query="removed_extensions", why="is not there any more in the new version"),
    Check(query="outdated_extensions", why="has to be at its newest version first", given={"must": True}),
    Check(
        query="outdated_extensions", stops=False, given={"must": False},
        why="stays at its old version unless it is updated, before or after",
    ),
    Check(query="unknown_extensions", stops=False, why="is not among those that RDS listed for the new version"),
    Check(query="subscriptions", least=17, why="has to be through with that"),
    Check(query="large_objects", stops=False, why="make an upgrade slow, and it may run out of memory"),
    Check(query="collations", stops=False, why="sorts otherwise than its indexes, with or without an upgrade"),
    Check(
        query="database_collation", stops=False, least=15,
        why="sorts otherwise than its indexes, with or without an upgrade",
    ),
    Check(
        query="text_search", stops=False, crossing=18,
        why="was built by the C library's rules; 18 reads words by the database's own collation provider",
    ),
)  # fmt: skip


def checks(old: int, new: int) -> list[Check]:
    """Those that are asked on the way, in the order in which a person would go about them."""
    return [one for one in CHECKS if one.concerns(old, new)]


def given(old: int, new: int, known: frozenset[str], large_objects: int = LARGE_OBJECTS) -> dict[str, Any]:
    """What the questions are asked with. `known`: extensions that the new version has, as far as anybody knows."""
    lost = [_removed()[str(major)] for major in range(old + 1, new + 1) if str(major) in _removed()]
    return {
        "columns": [name for one in lost for name in one["columns"]],
        "functions": [name for one in lost for name in one["functions"]],
        "removed": sorted(name for name, since in REMOVED_EXTENSIONS.items() if since <= new),
        "first": list(UPDATED_FIRST),
        "known": sorted(known),
        "large_objects": large_objects,
    }


@cache
def _removed() -> Mapping[str, Any]:
    plain: dict[str, Any] = json.loads((HERE / "removed.json").read_text(encoding="utf-8"))
    return plain
