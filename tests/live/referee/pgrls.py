"""pgrls, a linter and prover of row policies that others wrote, in an environment of its own in the cache."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tools.setup.places import cache

VERSION = "0.57.1"
LIMIT_S = 300


def program() -> Path | None:
    """Its command, installed at the pinned version; None where no package index can be reached."""
    home = cache() / f"pgrls-{VERSION}"
    command = home / "bin" / "pgrls"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True, capture_output=True, timeout=LIMIT_S)
        install = [home / "bin" / "pip", "install", "--quiet", f"pgrls=={VERSION}"]
        if subprocess.run(install, capture_output=True, timeout=LIMIT_S, check=False).returncode:
            return None
        (home / "complete").touch()
    return command


def run(command: Path, *arguments: str, folder: Path) -> Any:
    """Its JSON; the exit status says only that there are findings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(
        [command, *arguments, "--format", "json"],
        capture_output=True, text=True, cwd=folder, env=environment, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.stdout.lstrip().startswith(("{", "[")), (
        f"pgrls {arguments[0]}: {done.stdout[-500:]}{done.stderr[-2000:]}"
    )
    return json.loads(done.stdout)


def configuration(allowed: Mapping[str, Iterable[str]], *, identity: Iterable[str] = ()) -> str:
    """pgrls.toml: rule -> objects that it lets be, and the columns that tell tenants apart."""
    lines = ["[lint]", 'fail_on = "info"']
    for rule, objects in sorted(allowed.items()):
        lines += [f"[lint.rules.{rule}]", f"allowlist = {json.dumps(sorted(objects))}"]
    if columns := sorted(identity):
        lines += ["[lint.rules.SEC021]", f"identity_columns = {json.dumps(columns)}"]
    return "\n".join(lines) + "\n"
