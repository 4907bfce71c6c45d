"""What a keeper keeps running, and what it asks of the role it works for."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import processes
from .status import Exit


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is kept running. `stop` asks it to end cleanly, `reload` to read its files again (None: it cannot)."""

    name: str
    command: tuple[str, ...]
    stop: signal.Signals = signal.SIGTERM
    reload: signal.Signals | None = None
    orphaned: signal.Signals = signal.SIGTERM  # sent by the kernel should this supervisor be killed


class Role(Protocol):
    """What distinguishes a member, a node and a gateway."""

    def prepare(self, name: str, /) -> None:
        """Before each start of a program; an OSError puts the start off."""

    def started(self, name: str, /) -> None:
        """After each start."""

    def died(self, name: str, exit: Exit, /, *, planned: bool) -> str:
        """After a program's death, before it is started again; returns why it died as far as we know."""

    def adopted_died(self, pid: int, exit: Exit, /) -> str | None:
        """After the death of an orphan that became ours; a reason ends every program at once."""

    def reload(self) -> None:
        """On SIGHUP, before the programs are told."""

    def stopped(self, overdue: bool, /) -> bool:
        """After all programs ended on a planned stop: clears what is left; False when something is still there."""

    def extra(self) -> Mapping[str, Any]:
        """What the role adds to the status."""


@dataclass
class Kept:
    program: Program
    process: processes.Process | None = None
    due: float | None = 0.0
    deaths: list[float] = field(default_factory=list)
    restarts: int = 0
    last_exit: Exit | None = None


def child(kept: Kept) -> dict[str, Any]:
    """A program as the status shows it."""
    process = kept.process
    last = kept.last_exit
    return {
        "pid": process.pid if process else None,
        "start_time": process.start_time if process else None,
        "restarts": kept.restarts,
        "last_exit": None
        if last is None
        else {"at": last.at, "code": last.code, "signal": last.signal, "reason": last.reason},
    }
