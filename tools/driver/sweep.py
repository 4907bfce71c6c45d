"""Ends every process of a cluster and removes its files, from what lies on disk alone: when Pulumi's state is lost, and
after every `destroy`, so that nothing stays behind.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

from tools.driver.processes import Process, end, recorded, status, working_below
from tools.driver.refusal import Refusal

# Folders and files that the platform makes. Anything else in the directory belongs to somebody and stays.
MARKS = ("platform.json", "cluster.json")
PARTS = (
    "pki",
    "etcd-[1-9]",
    "pg-[1-9]",
    "gateway",
    "runtime",
    "ca.crt",
    ".joined-*",
    ".ca.crt*",
    ".cluster.json*",
    ".platform.json*",
    *MARKS,
)
PROGRAMS = ("postgres", "etcd", "pgbouncer", "haproxy", "patroni", "python")
ORDER = ("gateway", "pg-", "etcd-")  # clients first, then the members while etcd still answers them
PLANNED, PROMPT = 75.0, 10.0  # seconds that a clean stop and a prompt one may take


def stop(folder: Path) -> list[str]:
    """End all processes, cleanly if they let us; what was ended, by name. Raises Refusal when one stays."""
    ended = []
    for kind in ORDER:
        supervisors = {file.parent.name: recorded(status(file)) for file in folder.glob(f"{kind}*/status.json")}
        running = {name: process for name, process in supervisors.items() if process}
        end(running.values(), limit=PLANNED)
        ended += sorted(running)
    left = end(remaining(folder), signal.SIGINT, limit=PROMPT)  # SIGINT: PostgreSQL's fast shutdown
    stubborn = end(left, signal.SIGKILL, limit=PROMPT)
    if stubborn := stubborn or end(remaining(folder), signal.SIGKILL, limit=PROMPT):
        names = ", ".join(f"{process.name} ({process.pid})" for process in stubborn)
        raise Refusal(f"these processes cannot be ended: {names}; end them by hand, then run this again")
    return ended


def remaining(folder: Path) -> list[Process]:
    """What still runs: told by status files or working in the folder."""
    found = set(working_below(folder, PROGRAMS))
    for file in folder.glob("*/status.json"):
        told = status(file)
        found |= {process for process in map(recorded, [told, *_children(told)]) if process}
    return sorted(found)


def _children(told: dict[str, object]) -> list[dict[str, object]]:
    children = told.get("children")
    return [child for child in children.values() if isinstance(child, dict)] if isinstance(children, dict) else []


def remove(folder: Path) -> list[Path]:
    """Remove what the platform made; returns what stays because it is somebody's own."""
    if not folder.exists():
        if folder.is_symlink():
            folder.unlink()
        return []
    parts = set(_parts(folder))
    strangers = [path for path in folder.iterdir() if path not in parts]
    if strangers and not any((folder / mark).exists() for mark in MARKS):
        return strangers  # never a cluster's folder: a part's name in it is a coincidence
    for part in parts:
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink(missing_ok=True)
    kept = sorted(folder.iterdir())
    if not kept:
        _remove_folder(folder)
    return kept


def _parts(folder: Path) -> Iterator[Path]:
    for pattern in PARTS:
        yield from folder.glob(pattern)


def _remove_folder(folder: Path) -> None:
    """The folder itself; where it is a link to a place that servers can reach, that place too."""
    place = folder.resolve()
    place.rmdir()
    if folder.is_symlink():
        folder.unlink()
