"""An etcd node: kept running; etcd itself repairs what a restart finds, and joining.py what a lost volume leaves."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from typing import Any

from . import processes, status
from .configuration import Node
from .joining import Joiner
from .keeper import Keeper
from .log import Log
from .program import Program
from .status import Exit

ETCD = "etcd"


def end_earlier_life(earlier: Mapping[str, Any], log: Log, limit: float = 10.0) -> None:
    """Ends what an earlier life's status names and that still runs; the kernel already told it to stop."""
    for name, child in earlier.get("children", {}).items():
        pid, start_time = child.get("pid"), child.get("start_time")
        if not isinstance(pid, int) or not isinstance(start_time, int) or not processes.is_running(pid, start_time):
            continue
        log(f"{name} of an earlier life (pid {pid}) is still there: ending it")
        left = processes.Process(pid, 0, start_time, "?")
        processes.send(left, signal.SIGTERM)
        deadline = time.monotonic() + limit
        while processes.is_running(pid, start_time):
            if time.monotonic() > deadline:
                processes.send(left, signal.SIGKILL)
            if time.monotonic() > deadline + 5.0:
                raise OSError(f"{name} of an earlier life (pid {pid}) cannot be ended")
            time.sleep(0.05)


class PlainRole:
    """Start it again: that is all."""

    def __init__(self, status_file: str, log: Log) -> None:
        self._earlier, self._log = status.read(status_file), log
        self._first = True

    def prepare(self, _name: str, /) -> None:
        if self._first:
            end_earlier_life(self._earlier, self._log)
            self._first = False

    def started(self, _name: str, /) -> None:
        pass

    def died(self, _name: str, exit: Exit, /, *, planned: bool) -> str:
        return "planned stop" if planned else "killed" if exit.signal else "ended by itself"

    def adopted_died(self, _pid: int, _exit: Exit, /) -> str | None:
        return None

    def reload(self) -> None:
        pass

    def stopped(self, _overdue: bool, /) -> bool:
        return True

    def extra(self) -> Mapping[str, Any]:
        return {}


class NodeRole(PlainRole):
    """In a pod: before each start, how this etcd may start."""

    def __init__(self, node: Node, log: Log) -> None:
        super().__init__(node.status_file, log)
        self._joiner = Joiner(node.joining, log) if node.joining else None

    def prepare(self, name: str, /) -> None:
        super().prepare(name)
        if self._joiner is not None:
            self._joiner.prepare()


def run(node: Node, log: Log) -> int:
    """Runs an etcd node until SIGTERM; returns the exit code."""
    program = Program(name=ETCD, command=node.command)
    return Keeper("node", node, [program], NodeRole(node, log), log).run()
