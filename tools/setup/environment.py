"""The project's virtual environment `.venv`, with the pinned requirements; for checks and tests also the tools."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.setup.places import ROOT, VENV, digest
from tools.setup.progress import run
from tools.setup.pythons import python_for_environments
from tools.setup.stamps import stamped, write

RUNTIME, TOOLS = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
LIMIT = 1200.0
# Exits 0 when every pinned package is there in its version, with every file that it brought.
COMPLETE = """
import re, sys
from importlib.metadata import PackageNotFoundError, distribution, distributions
for name, version in re.findall(r"^([A-Za-z0-9_.-]+)(?:\\[[^]]*\\])?==([^\\s;]+)", sys.stdin.read(), re.M):
    try:
        if distribution(name).version != version:
            sys.exit(f"{name} is not {version}")
    except PackageNotFoundError:
        sys.exit(f"{name} is missing")
for each in distributions():
    if not each.files:
        sys.exit(f"{each.name} is half installed")
    for file in each.files:
        if file.suffix != ".pyc" and ".." not in file.parts and not file.locate().exists():
            sys.exit(f"{each.name} lacks {file}")
"""


def ensure_environment(*, tools: bool) -> None:
    """`.venv` is there, whole, and has what is pinned."""
    wanted = [TOOLS, RUNTIME] if tools else [RUNTIME]
    if _whole(tools):
        return
    stamp = _stamp(tools)
    if not (VENV / "bin" / "python").exists() or not _usable(wanted):
        _fill(wanted[0])
    write(stamp, _inputs(tools))


def _whole(tools: bool) -> bool:
    """The tools' environment has the runtime's packages too."""
    return stamped(_stamp(True), _inputs(True)) or (not tools and stamped(_stamp(False), _inputs(False)))


def _stamp(tools: bool) -> Path:
    return VENV / (".complete-tools" if tools else ".complete")


def _inputs(tools: bool) -> str:
    return digest(*([TOOLS, RUNTIME] if tools else [RUNTIME]))


def _usable(wanted: list[Path]) -> bool:
    """A `.venv` that somebody made by hand counts when it has everything; pip is not asked again."""
    pins = "\n".join(file.read_text(encoding="utf-8") for file in wanted)
    python = str(VENV / "bin" / "python")
    found = subprocess.run([python, "-c", COMPLETE], input=pins, text=True, capture_output=True, timeout=120)
    return found.returncode == 0


def _fill(requirements: Path) -> None:
    """Add to an environment that was whole; make anew what was not."""
    whole = any((VENV / name).exists() for name in (".complete", ".complete-tools"))
    for tools in (False, True):
        _stamp(tools).unlink(missing_ok=True)
    if not whole:
        _make_anew()
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "-r", str(requirements)]
    run(f"Python packages of {requirements.name}", pip, limit=LIMIT)


def _make_anew() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    python = python_for_environments()
    run("virtual environment .venv", [python, "-m", "venv", str(VENV)], limit=180)
