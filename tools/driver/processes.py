"""Processes of this machine by what /proc says of them; a pid counts only together with its start time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROC = Path("/proc")


@dataclass(frozen=True, order=True)
class Process:
    """`start_time` in clock ticks since boot: a later process that got the same pid has another one."""

    pid: int
    start_time: int
    name: str = ""

    @property
    def alive(self) -> bool:
        """Still there, and no zombie."""
        found = look(self.pid)
        return found is not None and found.start_time == self.start_time

    def send(self, number: int) -> None:
        """A signal, unless it is gone."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def look(pid: int) -> Process | None:
    """None when there is no such process, or only its zombie."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    name, fields = text.partition("(")[2].rpartition(")")[0], text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else Process(pid, int(fields[19]), name)


def status(file: Path) -> dict[str, Any]:
    """A supervisor's status.json; {} when it cannot be read."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def recorded(plain: dict[str, Any]) -> Process | None:
    """The process that a status file tells of, when it is alive."""
    try:
        told = Process(int(plain["pid"]), int(plain["start_time"]))
    except (KeyError, TypeError, ValueError):
        return None
    found = look(told.pid)
    return found if found and found.start_time == told.start_time else None


def working_below(folder: Path, programs: Iterable[str]) -> Iterator[Process]:
    """Processes of those programs whose working directory lies in the folder; our own are left out."""
    wanted, inside = tuple(programs), folder.resolve()
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            where = Path(str((entry / "cwd").readlink()).removesuffix(" (deleted)"))
            found = look(int(entry.name))
            if found and found.name.startswith(wanted) and (where == inside or inside in where.parents):
                yield found


def end(processes: Iterable[Process], number: int = signal.SIGTERM, *, limit: float) -> list[Process]:
    """Signal all and wait for their end; those that are left after `limit` seconds are returned."""
    left = list(processes)
    for process in left:
        process.send(number)
    until(lambda: not any(process.alive for process in left), limit)
    return [process for process in left if process.alive]


def until(ready: Callable[[], bool], limit: float) -> bool:
    """Wait for a condition; False when the limit, in seconds, passed."""
    last = time.monotonic() + limit
    while not ready():
        if time.monotonic() > last:
            return False
        time.sleep(0.05)
    return True
