"""Write what Amazon RDS offers, as data: versions, deprecated versions, instance classes, regions and zones.

    python -m tools.rds_data

fetches cfn-lint (a wheel; nothing of it is installed or run), reads the tables that its maintainers draw from AWS's own
API every week, and writes components/settings/catalogue/rds-offers.json. Why from there:
docs/decisions/2026-11-21-rds-data.md. The program itself reads the JSON only.
"""

from __future__ import annotations

import ast
import datetime
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

PIN = "cfn-lint==1.58.0"
TARGET = Path(__file__).parent.parent / "components" / "settings" / "catalogue" / "rds-offers.json"
TABLES = "cfnlint/data/schemas/extensions/aws_rds_db"
ENGINES = ("postgres", "aurora-postgresql")
MINOR = re.compile(r"(\d+)\.([1-9]\d*)")
OLDEST = 11  # an upgrade may start there

Classes = dict[str, str]  # family -> sizes, "m7g" -> "large xlarge"


def wheel(folder: Path) -> ZipFile:
    """cfn-lint's wheel, fetched into `folder`."""
    command = [sys.executable, "-m", "pip", "download", PIN, "--no-deps", "--quiet", "--dest", str(folder)]
    subprocess.run(command, check=True, timeout=300)
    return ZipFile(next(folder.glob("cfn_lint-*.whl")))


def table(source: ZipFile, name: str) -> Any:
    """One of cfn-lint's RDS tables."""
    return json.loads(source.read(f"{TABLES}{name}.json"))


def conditions(rules: Iterable[Mapping[str, Any]], engine: str) -> Iterator[tuple[Any, Any]]:
    """(what the rule asks, what it then allows) of each rule for one engine."""
    for rule in rules:
        asked = rule["if"]["properties"]
        if asked.get("Engine", {}).get("const") == engine:
            then = rule["then"]
            yield asked, then.get("properties", {}) if isinstance(then, dict) else {}


def minors(versions: Iterable[str]) -> dict[str, list[int]]:
    """Major -> minors, each sorted; builds of Extended Support are left out."""
    found: dict[str, list[int]] = {}
    for version in versions:
        if (match := MINOR.fullmatch(version)) and int(match[1]) >= OLDEST:
            found.setdefault(match[1], []).append(int(match[2]))
    return {major: sorted(found[major]) for major in sorted(found, key=int)}


def compact(names: Iterable[str]) -> Classes:
    """`db.m7g.large`, `db.m7g.xlarge` -> {"m7g": "large xlarge"}; classes without a size keep their name."""
    found: dict[str, list[str]] = {}
    for name in names:
        _, family, *size = name.split(".", 2)
        found.setdefault(family, []).extend(size)
    return {family: " ".join(sorted(found[family], key=_order)) for family in sorted(found)}


def _order(size: str) -> tuple[int, int, str]:
    match = re.match(r"(\d*)(xlarge)?", size)
    return (1 if match and match[2] else 0, int(match[1] or 1) if match else 0, size)


def engine(source: ZipFile, name: str) -> dict[str, Any]:
    """Versions of one engine, and which of them nobody can create any more."""
    [(_, known)] = conditions(table(source, "instance/engine_version")["allOf"], name)
    [(gone, _)] = conditions(table(source, "instance/engine_version_deprecated")["allOf"], name)
    return {
        "versions": minors(known["EngineVersion"]["enum"]),
        "deprecated": minors(gone["EngineVersion"]["enum"]),
    }


def by_version(source: ZipFile) -> dict[str, Classes]:
    """Version -> classes that some engine of that version has: AWS's table does not tell engines apart."""
    found: dict[str, Classes] = {}
    for asked, then in conditions(table(source, "instance/db_instance_class")["allOf"], "postgres"):
        version = asked["EngineVersion"]["pattern"].rpartition("|")[2].rstrip(")$").replace("\\", "")
        if MINOR.fullmatch(version):
            found[version] = compact(then["DBInstanceClass"]["enum"])
    return found


def by_region(source: ZipFile, name: str) -> dict[str, Classes]:
    """Region -> classes of one engine."""
    found: dict[str, Classes] = {}
    for region, rules in table(source, "instance/dbinstanceclass_enum").items():
        for _, then in conditions(rules["allOf"], name):
            found[region] = compact(then["DBInstanceClass"]["enum"])
    return found


def clusters_by_region(source: ZipFile) -> dict[str, Classes]:
    """Region -> classes of a Multi-AZ DB cluster."""
    return {
        region: compact(then["DBClusterInstanceClass"]["enum"])
        for region, rules in table(source, "cluster/dbclusterinstanceclass_enum").items()
        for _, then in conditions(rules["allOf"], "postgres")
    }


def zones(source: ZipFile) -> dict[str, list[str]]:
    """Region -> availability zones."""
    for node in ast.parse(source.read("cfnlint/helpers.py")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "AVAILABILITY_ZONES":
            return dict(ast.literal_eval(node.value))
    raise SystemExit(f"{PIN} keeps its availability zones elsewhere; look into its helpers.py")


def offers(source: ZipFile, today: str) -> dict[str, Any]:
    """The whole file; equal sets of classes are written once, in `classes`, and referred to by number."""
    pool: list[Classes] = []

    def numbers(sets: Mapping[str, Classes]) -> dict[str, int]:
        pool.extend(one for one in sets.values() if one not in pool)
        return {key: pool.index(one) for key, one in sorted(sets.items())}

    known = zones(source)
    return {
        "source": f"{PIN.replace('==', ' ')}, data/schemas/extensions/aws_rds_* and helpers.py",
        "read": today,
        "engines": {name: engine(source, name) for name in ENGINES},
        "zones": {region: known[region] for region in sorted(known)},
        "classes_by_version": numbers(by_version(source)),
        "classes_by_region": {
            "postgres": numbers(by_region(source, "postgres")),
            "aurora-postgresql": numbers(by_region(source, "aurora-postgresql")),
            "cluster": numbers(clusters_by_region(source)),
        },
        "classes": pool,
    }


def text(value: Any, depth: int = 2) -> str:
    """JSON with one line for each entry down to `depth`, so that a change reads well."""
    if depth == 0 or not isinstance(value, dict | list) or not value:
        return json.dumps(value)
    if isinstance(value, list):
        return "[\n" + ",\n".join(text(one, 0) for one in value) + "\n]"
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {text(one, depth - 1)}" for key, one in value.items()) + "\n}"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="rds-data-") as folder, wheel(Path(folder)) as source:
        found = offers(source, datetime.datetime.now(datetime.UTC).date().isoformat())
    TARGET.write_text(text(found) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(found['zones'])} regions, {len(found['classes'])} sets of classes")


if __name__ == "__main__":
    main()
