"""Follows the leader: tells PgBouncer and HAProxy where writers belong, as soon as it is true.

While the cluster hands over or has no leader, the writers' PgBouncer is paused: its clients wait
instead of getting errors.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from . import balancer, etcd, primary, routing, sockets, status
from .addresses import Addresses
from .configuration import Address, Gateway, Pooler
from .log import Log
from .news import news_of
from .routing import View

# Between two questions to a leader that is no primary yet: for the first seconds, later, and where it seems to lead a
# standby cluster, which may last for years.
_FIRST_INTERVAL, _LATER_INTERVAL, _LASTING_INTERVAL = 0.015, 0.25, 1.0
_EAGER_SECONDS, _LATER_SECONDS = 15.0, 60.0
# After HAProxy was started or reloaded: its socket comes and goes, and until it is told, any server may get a session.
_REAPPLY = (0.02, 0.04, 0.07, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)


class Poolers(Protocol):
    """The PgBouncer processes, by the name of their program."""

    def reload(self, name: str) -> None: ...
    def pause(self, name: str) -> None: ...
    def resume(self, name: str) -> None: ...
    def pid(self, name: str) -> int | None: ...


@dataclass
class _Pause:
    until: float
    reason: str


class Follower:
    """Owns the thread that applies; `applied` (its first argument is the new leader) is called after each change."""

    def __init__(self, settings: Gateway, poolers: Poolers, log: Log, applied: Callable[[], None]) -> None:
        self._settings, self._poolers, self._log, self._applied = settings, poolers, log, applied
        self._wakeful = threading.Condition()
        self._changed = True
        self._stopping = False
        self._news = news_of(settings, log, self.wake)
        self._addresses = Addresses(settings.members, settings.resolve_seconds, self.balancer_started)
        self._rest = etcd.tls(settings.rest)
        self._leader: str | None = None
        self._leader_since = self._applied_at = 0.0
        self._pause: _Pause | None = None
        self._reapply: list[float] = []
        self._first = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        self._news.start()
        self._addresses.start()
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and any pause; waits up to 3 s."""
        self._news.stop()
        self._addresses.stop()
        with self._wakeful:
            self._stopping = True
            self._wakeful.notify()
        self._thread.join(3.0)

    def wait_first(self, limit: float) -> bool:
        """Whether a leader was applied within `limit` seconds."""
        return self._first.wait(limit)

    def wake(self) -> None:
        with self._wakeful:
            self._changed = True
            self._wakeful.notify()

    def change(self, settings: Gateway) -> None:
        """New addresses, databases, backends or certificates (not other etcd nodes): applied at once."""
        self._settings = settings
        self._addresses.change(settings.members)
        self._news.change(settings)
        self._rest = etcd.tls(settings.rest)
        self.write_databases()
        self.balancer_started()

    def balancer_started(self) -> None:
        """HAProxy forgot all it was told: tell it again, until it hears."""
        now = time.monotonic()
        with self._wakeful:
            self._reapply = [now + after for after in _REAPPLY]
            self._wakeful.notify()

    def write_databases(self) -> None:
        """Writes each PgBouncer's databases file as things stand."""
        leader = self._settings.members.get(self._leader) if self._leader else None
        for pooler in self._settings.pgbouncer:
            self._write(pooler, leader)

    def status(self) -> Mapping[str, Any]:
        return {
            "leader": self._leader,
            "leader_since": self._leader_since or None,
            "applied_at": self._applied_at or None,
            **self._news.status(),
        }

    # The thread.

    def _run(self) -> None:
        view = View()
        while not self._stopping:
            try:
                view = self._step(view)
            except Exception as error:  # a thread that ends silently would leave writers behind for ever
                self._log(f"follower: {type(error).__name__}: {error}; trying again")
                time.sleep(0.5)
        self._resume("the gateway stops")

    def _step(self, before: View) -> View:
        view = self._news.view()
        if view != before:
            self._log(f"leader: {view.leader or 'none'}{', asked to hand over' if view.handing_over else ''}")
        if view.leader is None:
            if self._leader is not None:
                self._hold("no leader")
        elif view.handing_over and view.leader == self._leader:
            self._hold(f"{view.leader} hands over")
        elif view.leader != self._leader or self._pause is not None:
            if not self._confirm(view):
                return view
            self._apply(view.leader)
        self._end_long_pause()
        self._tell_balancer_again()
        self._sleep(None)
        return view

    def _sleep(self, seconds: float | None) -> None:
        times = self._reapply[:1] + ([self._pause.until] if self._pause else [])
        left = [at - time.monotonic() for at in times] + ([seconds] if seconds is not None else [])
        with self._wakeful:
            if not self._changed and not self._stopping:
                self._wakeful.wait(max(0.0, min(left)) if left else None)
            self._changed = False

    def _confirm(self, view: View) -> bool:
        """Waits until the leader is a primary; False when there is other news first."""
        began = time.monotonic()
        while not self._stopping:
            at = self._settings.members.get(view.leader or "")
            if at is None and time.monotonic() - began < _FIRST_INTERVAL:
                self._log(f"{view.leader} leads but is not among the members given: waiting for SIGHUP")
            if at is not None and primary.is_primary(at, self._rest):
                return True
            self._end_long_pause()
            self._tell_balancer_again()  # readers need no primary
            self._sleep(_interval(time.monotonic() - began) if at else _LATER_INTERVAL)
            if self._news.view() != view:
                with self._wakeful:
                    self._changed = True
                return False
        return False

    def _apply(self, leader: str) -> None:
        began, moved = time.monotonic(), leader != self._leader
        self._leader = leader
        if moved:
            self._leader_since = time.time()
            self.write_databases()
            self._each_writer(self._poolers.reload)
        self._resume(f"{leader} is the primary")
        self._tell_balancer()
        if moved:
            self._cut_stale(leader)
        self._applied_at = time.time()
        self._log(f"writers go to {leader}, applied in {(time.monotonic() - began) * 1000:.0f} ms")
        self._first.set()
        self._applied()

    def _write(self, pooler: Pooler, leader: Address | None) -> None:
        from pathlib import Path

        status.replace(Path(pooler.databases_file), routing.databases_text(pooler, leader))

    def _each_writer(self, action: Callable[[str], None]) -> None:
        for pooler in self._settings.pgbouncer:
            if pooler.target == "leader":
                action(pooler.name)

    def _hold(self, reason: str) -> None:
        if self._pause is None and self._settings.pause_limit_seconds > 0:
            self._log(f"pause: {reason}")
            self._each_writer(self._poolers.pause)
            self._pause = _Pause(time.monotonic() + self._settings.pause_limit_seconds, reason)

    def _end_long_pause(self) -> None:
        if self._pause is not None and time.monotonic() >= self._pause.until:
            self._resume(f"after {self._settings.pause_limit_seconds:g} s ({self._pause.reason})")

    def _resume(self, reason: str) -> None:
        if self._pause is not None:
            self._pause = None
            self._each_writer(self._poolers.resume)
            self._log(f"resume: {reason}")

    def _tell_balancer(self) -> None:
        """Where the members are, and, once it is known, who of them leads."""
        given, members, leader = self._settings.haproxy, self._settings.members, self._leader
        if given is None:
            return
        backends = given.writer_backend, given.reader_backend
        lines = [] if leader is None else routing.balancer_commands(*backends, members, leader)
        where = routing.address_commands(backends, members, self._addresses.current())
        try:
            balancer.apply(given.socket, where)  # it comments on each success
            refused = balancer.apply(given.socket, lines)
        except OSError as error:
            if not self._reapply:
                self._log(f"haproxy does not answer: {error}")
            return
        for answer in refused:
            self._log(f"haproxy refused: {answer}")

    def _tell_balancer_again(self) -> None:
        now = time.monotonic()
        if self._reapply and self._reapply[0] <= now:
            self._reapply = [at for at in self._reapply if at > now]
            self._tell_balancer()

    def _cut_stale(self, leader: str) -> None:
        stale = self._addresses.stale(leader) or sockets.resolve(
            routing.stale_addresses(self._settings.members, leader)
        )
        for pooler in self._settings.pgbouncer:
            pid = self._poolers.pid(pooler.name) if pooler.target == "leader" else None
            count = sockets.cut(pid, stale) if pid else 0
            if count:
                self._log(f"{pooler.name}: cut {count} connections to former primaries")


def _interval(waited: float) -> float:
    if waited < _EAGER_SECONDS:
        return _FIRST_INTERVAL
    return _LATER_INTERVAL if waited < _LATER_SECONDS else _LASTING_INTERVAL
