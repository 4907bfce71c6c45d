"""A copy of the project with ports of its own, for runs of make that must not meet a cluster that is up here."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (".venv", ".local", ".pulumi", ".git", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")
PORTS = 50  # what one cluster uses above its base port
NAMESPACE = "postgres-platform"


def free_base_port() -> int:
    """A base port with nothing listening on any port that a cluster counts from it."""
    for base in range(20000, 32000, PORTS):
        if all(_is_free(port) for port in range(base, base + PORTS)):
            return base
    raise RuntimeError("no 50 free ports in a row between 20000 and 32000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def copy_of_project(folder: Path) -> Path:
    """The project's files below `folder`, with our environment, in a stack whose ports are free."""
    copy = folder / "project"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (copy / ".venv").symlink_to(ROOT / ".venv")
    settings(copy, {"embedded": {"base_port": free_base_port()}})
    return copy


def settings(copy: Path, change: Mapping[str, Any], *, stack: str = "local") -> None:
    """Sets keys of a stack of a copy; None takes one away."""
    file = copy / f"Pulumi.{stack}.yaml"
    content = yaml.safe_load(file.read_text())
    for key, value in change.items():
        if value is None:
            content["config"].pop(f"{NAMESPACE}:{key}", None)
        else:
            content["config"][f"{NAMESPACE}:{key}"] = value
    file.write_text(yaml.safe_dump(content))


def make(copy: Path, target: str, *, arguments: str = "", stack: str = "local") -> subprocess.CompletedProcess[str]:
    """One make target in the copy; what it printed is in the result."""
    command = ["make", "-s", "-C", str(copy), target, f"STACK={stack}", f"ARGS={arguments}"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
