"""Reads the kernel's process table, and asks the kernel for the two favours a supervisor needs.

A process is named by its pid and start time: a pid alone may belong to somebody else by the time it is used.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Process:
    """One line of the process table; `start_time` is in clock ticks since boot."""

    pid: int
    parent: int
    start_time: int
    state: str

    @property
    def alive(self) -> bool:
        """False for a zombie: it holds no memory, file or socket any more, only its exit status."""
        return self.state not in "ZX"


def read(pid: int) -> Process | None:
    """The process with this pid; None when there is none."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name may hold blanks and parentheses; the fields after the last ")" cannot.
    words = line.rpartition(")")[2].split()
    return Process(pid, int(words[1]), int(words[19]), words[0])


def ticks(pid: int) -> int:
    """Processor time that the process has used, all threads, in clock ticks; -1 when there is none."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return -1
    words = line.rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


def table() -> dict[int, Process]:
    """All processes by pid."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  a thousand Path objects cost more
    return {pid: process for pid in pids if (process := read(pid))}


def descendants(processes: Mapping[int, Process], ancestor: int) -> list[Process]:
    """All living processes below `ancestor`, parents first."""
    children: dict[int, list[Process]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    level = [ancestor]
    while level:
        below = [child for pid in level for child in children.get(pid, [])]
        found += below
        level = [child.pid for child in below]
    return [process for process in found if process.alive]


def postgres_of(processes: Iterable[Process], data_dir: str) -> list[Process]:
    """The living PostgreSQL processes of this data directory that belong to our user, whoever their parent is.

    The working directory tells: postmaster enters the data directory before it forks anything, and no process of
    it ever leaves. A shell that somebody opened there is not `postgres`.
    """
    home = os.path.realpath(data_dir)
    return [process for process in processes if process.alive and _is_postgres_in(process.pid, home)]


def _is_postgres_in(pid: int, home: str) -> bool:
    try:
        if str(Path(f"/proc/{pid}/cwd").readlink()) != home:
            return False
        # A binary replaced by an upgrade reads "postgres (deleted)".
        return Path(f"/proc/{pid}/exe").readlink().name.split(" ")[0] == "postgres"
    except OSError:
        return False


def postmaster_pid(data_dir: str) -> int | None:
    """The pid in postmaster.pid; a postmaster that was killed cannot remove the file."""
    try:
        return int((Path(data_dir) / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def is_running(pid: int, start_time: int) -> bool:
    """Whether that very process still runs."""
    process = read(pid)
    return process is not None and process.start_time == start_time and process.alive


def send(process: Process, number: signal.Signals) -> None:
    """Signals that very process, if it still is."""
    if is_running(process.pid, process.start_time):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


def catches(process: Process, number: signal.Signals) -> bool:
    """Whether the process has a handler for this signal by now."""
    try:
        text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    mask = next((line.split()[1] for line in text.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(mask, 16) >> (number - 1) & 1)


def end(victims: Callable[[], list[Process]], *, limit: float, reap: Callable[[], None], pause: float = 0.003) -> bool:
    """Kills what `victims` finds until it finds nothing; False when something outlives `limit` seconds.

    Asked again after each round: what was forked between a look and a kill shows up in the next one.
    """
    deadline = time.monotonic() + limit
    while remaining := victims():
        if time.monotonic() > deadline:
            return False
        for process in remaining:
            send(process, signal.SIGKILL)
        reap()
        time.sleep(pause)
    reap()
    return True


def become_subreaper() -> None:
    """Orphans below this process become its children, so that it can wait for each of them: no guess, no polling."""
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def die_with_parent(parent: int, number: signal.Signals) -> None:
    """To be called in a child between fork and exec: the kernel sends `number` when the parent is gone."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)
