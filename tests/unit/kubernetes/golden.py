"""What some stacks change of the manifests, kept beside this module so that a review sees what a change does to them.

    python -m tests.unit.kubernetes.golden

writes them anew. Each file holds, for each object, what differs from that of a stack that sets nothing (`was`, `is`), a
new object whole, and the names of those that are gone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.kubernetes.manifests import Manifest, identity, read
from components.kubernetes.overlay import overlay
from components.settings.kubernetes import DEFAULT_MAJOR
from components.settings.load import load

CASES = Path(__file__).parent / "cases"
BASE = read()


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as they are, and nothing is written as a reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def case_names() -> list[str]:
    return sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())


def given(name: str) -> dict[str, Any]:
    """A stack's configuration, and the extensions that its access specs use."""
    found: dict[str, Any] = yaml.safe_load((CASES / name / "stack.yaml").read_text(encoding="utf-8"))
    return found


def made(given: dict[str, Any]) -> list[Manifest]:
    """The manifests of a stack."""
    settings = load(given["config"], default_major=DEFAULT_MAJOR)
    return overlay(BASE, settings, frozenset(given.get("extensions", ())))


@cache
def default() -> dict[tuple[str, str], Manifest]:
    return {identity(one): one for one in made({"config": {"platform": "kubernetes"}})}


def rendered(name: str) -> str:
    """The case's golden file."""
    found = {identity(one): one for one in made(given(name))}
    changed = {
        " ".join(key): _changes(flat(default()[key]), flat(one)) if key in default() else {"new": one}
        for key, one in found.items()
        if default().get(key) != one
    }
    gone = sorted(" ".join(key) for key in default().keys() - found.keys())
    return yaml.dump({"gone": gone, "changed": changed}, Dumper=_Dumper, sort_keys=False, width=120)


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Every scalar by its path."""
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        found: dict[str, Any] = {}
        for key, below in pairs:
            found |= flat(below, f"{path}.{key}" if path else str(key))
        return found
    return {path: value}


def _changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    paths = [*before, *(path for path in after if path not in before)]
    return {path: _change(before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)}


def _change(before: Any, after: Any) -> Any:
    if isinstance(before, str) and isinstance(after, str) and "\n" in before:
        return "\n".join(_lines(before, after)) + "\n"
    return {"was": before, "is": after}


def _lines(before: str, after: str) -> Iterator[str]:
    """Lines that differ, with - and +."""
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            yield line


def main() -> None:
    for name in case_names():
        (CASES / name / "changes.yaml").write_text(rendered(name), encoding="utf-8")


if __name__ == "__main__":
    main()
