"""A plan that was looked at, and an `up` that runs no other: previews leave their SQL in a folder, applies compare.

The driver names both in the environment, which the engine hands on to the process of the providers. Verifiers of
passwords are masked in the SQL, so that a new password alone is no difference; nor is anything that is not SQL.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.access.failures import AccessError
from components.access.preview import Preview

SAVE_IN = "POSTGRES_PLATFORM_SAVE_PLAN_IN"  # a folder; each preview of a resource writes a file of its own
PLAN = "POSTGRES_PLATFORM_PLAN"  # the file that the driver made of them
MOST_LINES = 20


def remember(where: str, found: Preview) -> None:
    """Leaves what would be done in the driver's folder, when it asks for that."""
    folder = os.environ.get(SAVE_IN)
    if not folder:
        return
    name = hashlib.sha256(where.encode()).hexdigest()
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", delete=False, encoding="utf-8") as file:
        json.dump({"where": where, **_record(found)}, file)
    Path(file.name).replace(Path(folder) / f"{name}.json")


def collected(folder: Path) -> dict[str, Any]:
    """What the previews left: where -> what would be done there."""
    found = [json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")]
    return {one.pop("where"): one for one in sorted(found, key=lambda one: str(one["where"]))}


def compare(where: str, found: Preview) -> bool:
    """Whether there is an agreed plan, which is what would be done now. Raises AccessError where it is not."""
    file = os.environ.get(PLAN)
    if not file:
        return False
    plans: Mapping[str, Any] = json.loads(Path(file).read_text("utf-8"))["plans"]
    if where not in plans:
        raise AccessError("\n  the saved plan does not speak of this; save a new one, and look at it")
    agreed, now = plans[where], _record(found)
    if not agreed["exact"]:  # planned against nothing, so that there was nothing to be hurt
        return True
    if agreed["digest"] != now["digest"]:
        told = [*_differences(agreed["statements"], now["statements"])]
        more = [f"... and {len(told) - MOST_LINES} more lines"] if len(told) > MOST_LINES else []
        raise AccessError(
            "\n".join(
                [
                    "",
                    "  not what the saved plan says (- agreed, + now); look at it, and save a new plan",
                    *(f"    {line}" for line in (*told[:MOST_LINES], *more)),
                ]
            )
        )
    return True


def _record(found: Preview) -> dict[str, Any]:
    scripts = [f"script {script.name} has sha256 {script.sha256}" for script in found.scripts]
    statements = [*found.statements(), *scripts]
    digest = hashlib.sha256("\0".join(statements).encode()).hexdigest()
    return {"exact": found.reachable and not found.of_nothing, "digest": digest, "statements": statements}


def _differences(agreed: list[str], now: list[str]) -> Iterator[str]:
    for line in difflib.ndiff(agreed, now):
        if line[:1] in "+-":
            yield line
