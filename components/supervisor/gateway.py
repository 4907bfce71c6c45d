"""A gateway: PgBouncer for writers and readers, HAProxy for direct sessions, and the follower that points them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .configuration import ConfigurationError, Gateway, load
from .follower import Follower
from .keeper import Keeper
from .log import Log
from .node import PlainRole
from .program import Program

HAPROXY = "haproxy"
_FIRST_LEADER_LIMIT = 3.0


class SignalledPoolers:
    """PgBouncer obeys signals, without a password: SIGHUP reads its files, SIGUSR1 pauses, SIGUSR2 resumes."""

    def __init__(self, keeper: Callable[[], Keeper]) -> None:
        self._keeper = keeper

    def reload(self, name: str) -> None:
        self._keeper().tell(name, signal.SIGHUP)

    def pause(self, name: str) -> None:
        self._keeper().tell(name, signal.SIGUSR1)

    def resume(self, name: str) -> None:
        self._keeper().tell(name, signal.SIGUSR2)

    def pid(self, name: str) -> int | None:
        process = self._keeper().children().get(name)
        return process.pid if process else None


class GatewayRole(PlainRole):
    """The programs of a gateway start after the follower knows the leader, or after a few seconds without one."""

    def __init__(self, gateway: Gateway, file: Path, log: Log) -> None:
        super().__init__(gateway.status_file, log)
        self._file = file
        self.keeper: Keeper  # set by run()
        self.follower = Follower(gateway, SignalledPoolers(lambda: self.keeper), log, self._applied)

    def prepare(self, name: str, /) -> None:
        first = self._first
        super().prepare(name)
        if first:
            self.follower.start()
            if not self.follower.wait_first(_FIRST_LEADER_LIMIT):
                self._log(f"no leader within {_FIRST_LEADER_LIMIT:g} s: writers wait until there is one")
        self.follower.write_databases()

    def started(self, name: str, /) -> None:
        if name == HAPROXY:
            self.follower.balancer_started()

    def reload(self) -> None:
        """Reads the file again; with a mistake in it, everything stays as it is."""
        try:
            fresh: Gateway = load("gateway", self._file)
        except ConfigurationError as error:
            for problem in error.problems:
                self._log(f"not reloaded: {problem}")
            return
        self.follower.change(fresh)

    def stopped(self, _overdue: bool, /) -> bool:
        self.follower.stop()
        return True

    def extra(self) -> Mapping[str, Any]:
        return self.follower.status()

    def _applied(self) -> None:
        self.keeper.say()


def programs(gateway: Gateway) -> list[Program]:
    """What a gateway runs. On SIGINT PgBouncer ends the transactions that run, then itself. On SIGTERM it ends at once,
    or, since 1.23, waits for each client to go; paused at that moment, it would stay so and answer nobody any more.
    """
    poolers = [
        Program(
            name=one.name,
            command=one.command,
            stop=signal.SIGINT if one.finish else signal.SIGTERM,
            reload=signal.SIGHUP,
        )
        for one in gateway.pgbouncer
    ]
    if gateway.haproxy is None:
        return poolers
    return [Program(name=HAPROXY, command=gateway.haproxy.command, reload=signal.SIGUSR2), *poolers]


def run(gateway: Gateway, file: Path, log: Log) -> int:
    """Runs a gateway until SIGTERM; returns the exit code."""
    role = GatewayRole(gateway, file, log)
    role.keeper = Keeper("gateway", gateway, programs(gateway), role, log)
    return role.keeper.run()
