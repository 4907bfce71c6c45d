"""The project's shape: which way imports go, how long a file may be, what may not be imported where."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
COMPONENTS = ROOT / "components"
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}

# What a part of components/ may import of components/; itself always. A platform knows neither of the others.
MAY_IMPORT = {
    "contract": set(),
    "engine": set(),
    "deferred": set(),
    "settings": set(),
    "render": {"settings", "contract"},
    "access": {"contract", "engine", "deferred", "settings", "render", "reach"},
    "supervisor": set(),
    "patroni": {"contract", "engine", "settings", "render"},
    "reach": {"contract"},
    "embedded": {"contract", "engine", "settings", "render", "access", "supervisor", "patroni"},
    "kubernetes": {"contract", "engine", "deferred", "settings", "render", "access", "supervisor", "patroni", "reach"},
    "upgrade": {"contract", "engine", "settings", "access", "reach"},
    "rds": {"contract", "engine", "settings", "render", "access", "patroni", "reach", "upgrade"},
    "platforms": {"contract", "settings", "render", "access", "patroni", "embedded", "kubernetes", "rds"},
}
# Pure parts: they decide, and neither open anything nor declare anything.
PURE = (
    "components.settings",
    "components.render",
    "components.access.plan",
    "components.access.statements",
    "components.rds.arguments",
    "components.rds.pooler_arguments",
    "components.upgrade.catalogue",
)
TEXTS_ONLY = "psycopg.sql"  # composes statements; needs no connection
ACTING = {"pulumi", "psycopg", "socket", "subprocess", "urllib", "http", "requests"}


def python_files() -> list[Path]:
    """All Python of the project, without environments and caches."""
    files = [path for folder in ("components", "tests", "tools", "policy") for path in (ROOT / folder).rglob("*.py")]
    return sorted(files + list(ROOT.glob("*.py")))


def module(path: Path) -> str:
    """components/settings/load.py -> components.settings.load"""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, inside functions too; relative imports by their full name."""
    package = module(path).split(".") if path.stem == "__init__" else module(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            named = [f"{base}.{name.name}" for name in node.names]
            yield from named if base in ("components", "psycopg") else [base]


def part(name: str) -> str | None:
    """components.render.patroni -> render"""
    words = name.split(".")
    return words[1] if words[0] == "components" and len(words) > 1 else None


def wrong_direction(path: Path) -> list[str]:
    """Imports that go against the layering."""
    here = part(module(path))
    if here is None:
        return []
    allowed = MAY_IMPORT[here] | {here}
    return sorted({name for name in imports(path) if (there := part(name)) is not None and there not in allowed})


def test_imports_point_one_way() -> None:
    found = {module(path): wrong_direction(path) for path in COMPONENTS.rglob("*.py")}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_every_part_has_its_rule() -> None:
    parts = {part(module(path)) for path in COMPONENTS.rglob("*.py")} - {None}
    assert parts <= MAY_IMPORT.keys()


def test_what_decides_opens_nothing() -> None:
    found = {
        module(path): sorted({name for name in imports(path) if name.split(".")[0] in ACTING and name != TEXTS_ONLY})
        for path in COMPONENTS.rglob("*.py")
        if module(path).startswith(PURE)
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_what_judges_a_stack_on_rds_asks_nobody() -> None:
    """Of tools/driver/rds one module talks to AWS (asking), one says what about (questions)."""
    judges = [ROOT / "tools/driver/rds" / f"{name}.py" for name in ("members", "pooler", "report", "tables")]
    asking = ACTING | {"boto3", "botocore", "components.reach", "tools.driver.rds.asking", "tools.driver.rds.questions"}
    found = {path.name: sorted(name for name in imports(path) if name.startswith(tuple(asking))) for path in judges}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def known(path: Path) -> frozenset[str]:
    """Python's own modules; patroni_main.py is run by Patroni's environment, inside Patroni."""
    return sys.stdlib_module_names | {"supervisor"} | ({"patroni"} if path.name == "patroni_main.py" else set())


def test_supervisors_need_nothing_but_python() -> None:
    found = {
        module(path): sorted({name for name in imports(path) if name and name.split(".")[0] not in known(path)})
        for path in (COMPONENTS / "supervisor").rglob("*.py")
    }
    ours = {
        name: [one for one in wrong if not one.startswith("components.supervisor")] for name, wrong in found.items()
    }
    assert {name: wrong for name, wrong in ours.items() if wrong} == {}


def test_files_and_functions_stay_short() -> None:
    long_files = {}
    long_functions = {}
    for path in python_files():
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > LONGEST_FILE:
            long_files[module(path)] = lines
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long_functions[f"{module(path)}.{node.name}"] = length
    assert (long_files, long_functions) == ({}, {})


def test_names_say_what_is_inside() -> None:
    names = {part for path in python_files() for part in path.relative_to(ROOT).with_suffix("").parts}
    assert names & VAGUE == set()


@pytest.mark.parametrize(
    "source, found",
    [
        pytest.param("import pulumi", ["pulumi"], id="plain"),
        pytest.param("def f():\n    from psycopg import sql", ["psycopg.sql"], id="inside a function"),
        pytest.param("from . import load", ["components.settings"], id="relative"),
        pytest.param("from components import render", ["components.render"], id="a part by name"),
    ],
)
def test_imports_are_found(source: str, found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = COMPONENTS / "settings" / "made_up.py"
    monkeypatch.setattr(Path, "read_text", lambda _self, encoding: source)
    assert list(imports(path)) == found
