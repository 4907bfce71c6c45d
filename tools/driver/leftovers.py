"""What an interrupted run leaves in our file backend: locks of dead processes, operations that nobody finishes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tools.driver.processes import until
from tools.driver.project import Project
from tools.setup.stamps import write

ORPHAN_LIMIT = 120.0  # seconds; longer than any single step of the platform


@dataclass(frozen=True)
class Lock:
    """A lock file of the engine: who holds the stack, on which machine, since when (seconds since 1970)."""

    file: Path
    pid: int
    host: str
    since: float


def clean(project: Project) -> Iterator[str]:
    """Remove what is provably left over; a sentence for each. Only our own backend is touched."""
    if not project.own_backend:
        return
    for lock in locks(project):
        if lock.host != socket.gethostname():
            continue
        if holds(lock) and orphaned(lock):
            yield f"waiting for the engine of an interrupted run to finish its step (process {lock.pid})"
            until(partial(_let_go, lock), ORPHAN_LIMIT)
        if not holds(lock) and lock.file.exists():
            lock.file.unlink(missing_ok=True)
            yield f"removed the lock of an interrupted run (process {lock.pid} is gone)"
    if not any(True for _ in locks(project)):
        yield from remove_halves(project.checkpoint.parent)
        yield from forget_pending(project.checkpoint)


def locks(project: Project) -> Iterator[Lock]:
    """Those that can be read; a half-written one is given up by its writer."""
    for file in sorted(project.locks.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(file.read_text(encoding="utf-8"))
            yield Lock(file, int(told["pid"]), str(told["hostname"]), _seconds(str(told["timestamp"])))


def holds(lock: Lock) -> bool:
    """Is the process that took the lock still there? A later process with its number does not count."""
    try:
        name = Path(f"/proc/{lock.pid}/comm").read_text(encoding="utf-8").strip()
        fields = Path(f"/proc/{lock.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return False
    started = _boot() + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return name.startswith("pulumi") and fields[0] != "Z" and started <= lock.since + 2


def _let_go(lock: Lock) -> bool:
    return not holds(lock)


def orphaned(lock: Lock) -> bool:
    """Is it an engine of the Automation API whose driver was killed? It ends by itself after the step it is at."""
    try:
        own = Path(f"/proc/{lock.pid}/cmdline").read_bytes()
        parent = Path(f"/proc/{lock.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
        driver = Path(f"/proc/{parent}/cmdline").read_bytes()
    except OSError:
        return False
    return b"--client=" in own and b"tools.driver" not in driver


def remove_halves(folder: Path) -> Iterator[str]:
    """Take away files that the engine had begun when it was killed.

    It writes a state whole or not at all, but the attributes beside it in place: an empty file there makes each command
    fail with `failed to load checkpoint: EOF`. They hold a checksum and nothing that is needed.
    """
    halves = [file for file in folder.glob("*.attrs") if file.stat().st_size == 0] + list(folder.glob("*.tmp*"))
    for file in sorted(halves):
        file.unlink(missing_ok=True)
        yield f"removed {file.name}, which an interrupted run had begun to write"


def forget_pending(checkpoint: Path) -> Iterator[str]:
    """Take unfinished operations out of the state, all at once or not at all.

    A creation that was cut short is not in the state, and is begun again; everything else is there with its old inputs,
    and is compared again. So nothing is lost with the note itself.
    """
    try:
        content: dict[str, Any] = json.loads(checkpoint.read_text(encoding="utf-8"))
        latest = content["checkpoint"]["latest"]
        pending = latest.pop("pending_operations", None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    if not pending:
        return
    write(checkpoint, json.dumps(content, indent=4) + "\n", mode=0o600)
    names = ", ".join(sorted(str(each["resource"]["urn"]).rpartition("::")[2] for each in pending))
    yield f"the last run was interrupted at: {names}; looking at what is really there"


def busy(project: Project) -> str:
    """The sentence for a stack that another run holds."""
    holders = ", ".join(f"process {lock.pid} on {lock.host}" for lock in locks(project))
    return f"another run holds stack {project.stack} ({holders or 'elsewhere'}): wait for its end, then run this again"


def _seconds(timestamp: str) -> float:
    """RFC 3339 with nanoseconds, which Python reads up to microseconds."""
    head, dot, rest = timestamp.partition(".")
    zone = rest.lstrip("0123456789") if dot else ""
    return datetime.fromisoformat(head + zone).timestamp() if dot else datetime.fromisoformat(timestamp).timestamp()


def _boot() -> float:
    lines = Path("/proc/stat").read_text(encoding="utf-8").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("btime ")))
