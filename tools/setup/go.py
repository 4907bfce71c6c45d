"""The Go toolchain, needed only where the Pulumi CLI must be built."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from tools.setup import apt
from tools.setup.progress import SetupError, run

# From here on Go fetches the toolchain that a module asks for by itself.
OLDEST = (1, 21)
MODULES = {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "auto", "CGO_ENABLED": "0", "GOWORK": "off"}
USUAL = "/usr/local/go/bin:/usr/lib/go/bin"
ADVICE = (
    "the Pulumi CLI is missing. Install it (https://www.pulumi.com/docs/install), or Go 1.21 or newer "
    "(https://go.dev/dl) with which it is built here, then run this again"
)


def go_program() -> str:
    """A Go that is new enough; installed from the distribution when that one is. Raises SetupError with advice."""
    found = _go()
    if found is None and _packaged() >= OLDEST and apt.allowed():
        apt.install(["golang-go"], "Go")
        found = _go()
    if found is None:
        raise SetupError(ADVICE)
    return found


def module_folder(module: str, version: str) -> Path:
    """Where a module's files lie, fetched if need be."""
    go = go_program()
    said = run(f"{module} {version}", [go, "mod", "download", "-json", f"{module}@{version}"], limit=600, env=MODULES)
    start = said.find("{")
    try:
        return Path(json.JSONDecoder().raw_decode(said[start:])[0]["Dir"])
    except (ValueError, KeyError):
        raise SetupError(f"Go cannot fetch {module} {version}: {said.strip()[-300:]}") from None


def version_numbers(text: str) -> tuple[int, int]:
    """The first `1.22` in a text; 0, 0 without one."""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _go() -> str | None:
    for program in (shutil.which("go"), shutil.which("go", path=USUAL)):
        if program is None:
            continue
        said = subprocess.run([program, "env", "GOVERSION"], capture_output=True, text=True, timeout=60, cwd="/")
        if version_numbers(said.stdout) >= OLDEST:
            return program
    return None


def _packaged() -> tuple[int, int]:
    if shutil.which("apt-cache") is None:
        return (0, 0)
    said = subprocess.run(["apt-cache", "policy", "golang-go"], capture_output=True, text=True, timeout=60).stdout
    candidate = re.search(r"Candidate: (?:\d+:)?(\S+)", said)
    return version_numbers(candidate[1]) if candidate else (0, 0)
