"""A member: Patroni, and the PostgreSQL that Patroni starts and this supervisor inherits.

Three rules. Patroni without PostgreSQL's knowledge of it is a primary that nobody controls: when Patroni dies, every
process of the member is ended. A postmaster that was killed is not revived in place: a healthy replica is ready sooner.
And only when all are provably gone is the lease given back, so that the others elect a leader now, not at the ttl.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import health, processes, status
from .configuration import Member
from .frozen import Watchdog
from .keeper import Keeper
from .lease import store_of
from .log import Log
from .node import end_earlier_life
from .program import Program
from .status import Exit
from .store import Standing, StoreError

PATRONI = "patroni"
_ASK_LIMIT = 0.5  # how long an orphaned primary may live on while it is asked whether the cluster is paused
_GIVE_BACK_LIMIT = 5.0  # then the ttl ends it
_RIGHTS_LIMIT = 2.0  # only to tell of a fault
_END_LIMIT = 30.0  # SIGKILL takes milliseconds; longer means a process stuck in the kernel


class MemberRole:
    """The decisions of a member's supervisor."""

    def __init__(self, member: Member, log: Log) -> None:
        self._member, self._log = member, log
        self._earlier = status.read(member.status_file)
        self._store = store_of(member)
        self._ending = False
        self._first = True
        self._paused = False
        self._fast_stop_sent = False
        self._given_back: dict[str, Any] | None = None
        self._watchdog = Watchdog(member, log, self._patroni, self._frozen)
        self.keeper: Keeper  # set by run()

    # What the keeper asks.

    def prepare(self, _name: str, /) -> None:
        """A second postmaster in one data directory must never be: nothing of an earlier life may be left."""
        if self._first:
            end_earlier_life(self._earlier, self._log)
            self._watchdog.start()
            health.serve(self._member.health_port, self._watchdog.well)
            self._first = False
            for fault in self._store.faults(limit=_RIGHTS_LIMIT):
                self._log(fault)
            self._after_an_earlier_container()
        if self._paused or not self._remains() or self._is_paused():
            return
        if not self._end(5.0):
            raise OSError(f"processes of an earlier life are still there: {self._named()}")
        self._give_back(None)

    def started(self, _name: str, /) -> None:
        self._paused = False
        self._watchdog.forget()

    def died(self, _name: str, exit: Exit, /, *, planned: bool) -> str:
        """Patroni ended: PostgreSQL must not outlive it, unless the operator paused the cluster for just that."""
        if planned:
            return "planned stop"
        known = self._standing(_ASK_LIMIT)
        self._paused = known is not None and known.paused
        if self._paused:
            self._log("the cluster is paused: PostgreSQL is left running")
            return "patroni ended while the cluster was paused"
        self.keeper.recovering()
        if self._end(_END_LIMIT):
            self._give_back(known)
        else:
            self._log(f"not provably gone, so the lease is kept until its ttl: {self._named()}")
        return "killed" if exit.signal else "ended by itself"

    def adopted_died(self, pid: int, exit: Exit, /) -> str | None:
        """Only the postmaster is of interest among the orphans that become ours."""
        if self._ending or (exit.signal is None and exit.code == 0):
            return None
        if exit.signal is not None:
            # A killed postmaster could not remove its file.
            killed = pid == processes.postmaster_pid(self._member.data_dir)
            return (
                f"postmaster (pid {pid}) was killed by signal {exit.signal}: ending the whole member"
                if killed
                else None
            )
        if self._has_postmaster():
            return None
        known = self._standing(_ASK_LIMIT)
        if known is None or known.paused or not known.leads:
            return None  # Patroni repairs a replica by itself
        return f"postmaster of the leader (pid {pid}) ended with code {exit.code}: ending the whole member"

    def reload(self) -> None:
        """Patroni is told by the keeper."""

    def stopped(self, overdue: bool, /) -> bool:
        """Patroni is gone; what it left running (a paused cluster, a stop that took too long) is ended too."""
        if self._remains():
            self._stop_rest(overdue)
            return False
        self._give_back(None)
        return True

    def extra(self) -> Mapping[str, Any]:
        return {"lease": self._given_back}

    # How it is done.

    def _patroni(self) -> int | None:
        process = self.keeper.children().get(PATRONI)
        return process.pid if process else None

    def _frozen(self, reason: str) -> None:
        self._log(reason)
        self.keeper.tell(PATRONI, signal.SIGKILL)  # and what follows a death follows

    def _after_an_earlier_container(self) -> None:
        """One that was killed leaves PostgreSQL's lock files, whose pids mean other processes now, and its lease.

        Our status file's lock lies on the same volume: whoever holds it is the only one who may start a server there,
        so what the lease stood for is provably gone.
        """
        if not self._member.owns_volume or self._remains():
            return
        known = self._standing(_GIVE_BACK_LIMIT)
        if known is not None and not known.paused:
            self._give_back(known)
        for stale in [Path(self._member.data_dir) / "postmaster.pid", *Path(self._member.sockets).glob(".s.PGSQL.*")]:
            stale.unlink(missing_ok=True)

    def _remains(self) -> list[processes.Process]:
        table = processes.table()
        below = processes.descendants(table, os.getpid())
        known = {process.pid for process in below}
        return below + [
            process
            for process in processes.postgres_of(table.values(), self._member.data_dir)
            if process.pid not in known
        ]

    def _named(self) -> str:
        return ", ".join(f"pid {process.pid} (state {process.state})" for process in self._remains()) or "none"

    def _has_postmaster(self) -> bool:
        pid = processes.postmaster_pid(self._member.data_dir)
        return any(process.pid == pid for process in self._remains())

    def _end(self, limit: float) -> bool:
        self._ending = True
        try:
            return processes.end(self._remains, limit=limit, reap=self.keeper.reap)
        finally:
            self._ending = False

    def _stop_rest(self, overdue: bool) -> None:
        pid = processes.postmaster_pid(self._member.data_dir)
        if overdue or pid is None:
            self._end(1.0)
        elif not self._fast_stop_sent:
            self._fast_stop_sent = True
            self._log(f"PostgreSQL (pid {pid}) outlived Patroni: fast shutdown")
            for process in self._remains():
                if process.pid == pid:
                    processes.send(process, signal.SIGINT)

    def _standing(self, limit: float) -> Standing | None:
        try:
            return self._store.standing(limit=limit)
        except StoreError as error:
            self._log(f"{self._store.name} could not be asked: {error}")
            return None

    def _is_paused(self) -> bool:
        known = self._standing(_ASK_LIMIT)
        return known is not None and known.paused

    def _give_back(self, known: Standing | None) -> None:
        """The member is dead, which is proven; only what is its own is given back, so this harms nobody."""
        began = time.monotonic()
        known = known or self._standing(_GIVE_BACK_LIMIT)
        if known is None or not known.holds:
            return
        try:
            self._store.give_back(known, limit=_GIVE_BACK_LIMIT)
        except StoreError as error:
            self._log(f"the lease could not be given back, its ttl will end it: {error}")
            return
        seconds = round(time.monotonic() - began, 4)
        self._given_back = {"returned_at": time.time(), "was_leader": known.leads, "seconds": seconds}
        self._log(f"lease given back in {seconds} s; was the leader: {'yes' if known.leads else 'no'}")


def run(member: Member, log: Log) -> int:
    """Runs a member until SIGTERM; returns the exit code."""
    role = MemberRole(member, log)
    program = Program(name=PATRONI, command=member.command, reload=signal.SIGHUP)
    role.keeper = Keeper("member", member, [program], role, log)
    return role.keeper.run()
