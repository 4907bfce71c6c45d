"""The PostgreSQL that a stack asks for by its `major`, installed before the stack is looked at any further.

A major that cannot be had is no error here: the check of the settings says so, with the stack's file and line.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.setup import servers, trixie
from tools.setup.places import ROOT, VENV

NAMESPACE = "postgres-platform"
LIMIT_S = 30.0
# The set-up runs before there are packages, YAML among them; the project's own Python has it.
READ = """
import json, sys, yaml
print(json.dumps((yaml.safe_load(sys.stdin) or {}).get("config")))
"""


def ensure_asked(arguments: Sequence[str]) -> None:
    """Comes after the server programs and the project's packages. Raises SetupError with what to do."""
    file = ROOT / f"Pulumi.{stack(arguments, os.environ.get('STACK', ''))}.yaml"
    major = asked_major(configuration(file))
    if major is None or (major == trixie.MAJOR and trixie.found()) or servers.ensure_major(major):
        return
    if major == trixie.MAJOR:
        trixie.ensure_trixie()


def stack(arguments: Sequence[str], variable: str) -> str:
    """The stack that the driver will take: --stack NAME or --stack=NAME, else $STACK, else local."""
    for number, word in enumerate(arguments):
        name, given, value = word.partition("=")
        if name == "--stack":
            return value if given else next(iter(arguments[number + 1 :]), "")
    return variable or "local"


def configuration(file: Path) -> object:
    """The settings in a stack's file; None when it names no major or cannot be read, which the settings' check says."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if f"{NAMESPACE}:major" not in text:  # almost always, so that no other Python need be started
        return None
    python = [str(VENV / "bin" / "python"), "-c", READ]
    said = subprocess.run(python, input=text, capture_output=True, text=True, timeout=LIMIT_S)
    return json.loads(said.stdout) if said.returncode == 0 else None


def asked_major(given: object) -> int | None:
    """17 and "17" are 17, as for the settings; None for what their check refuses, and for other platforms."""
    if not isinstance(given, dict) or given.get(f"{NAMESPACE}:platform", "embedded") != "embedded":
        return None
    major = given.get(f"{NAMESPACE}:major")
    if isinstance(major, bool) or not isinstance(major, int | str) or not re.fullmatch("[0-9]{1,3}", str(major)):
        return None
    return int(major)
