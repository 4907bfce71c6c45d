"""Tells the gateways of a switchover before it begins, where they cannot see it asked for in etcd.

They ask each member for its status every half second (asked.py). So the member that was asked for a switchover, after
Patroni has checked that it may and can be, names the leader in its status, waits until every gateway has heard, and
only then asks the leader. Gateways pause their clients in between, whose transactions end instead of being cut off.
"""

from __future__ import annotations

import threading
import time
from typing import Any

HEARD_S = 0.8  # gateways ask every 0.5 s; the rest is for the answer
FORGOTTEN_S = 15.0  # a switchover that never came; gateways hold their clients for 10 s at most


class Announcement:
    """Which leader was asked to give way, until another one leads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leader, self._until = "", 0.0

    def begin(self, leader: str) -> None:
        with self._lock:
            self._leader, self._until = leader, time.monotonic() + FORGOTTEN_S

    def end(self) -> None:
        """Nothing comes of it: gateways need not hold their clients."""
        with self._lock:
            self._leader = ""

    def now(self, leads: str) -> str:
        """The leader's name, "" when there is nothing to tell; `leads` is who leads as far as this member knows."""
        with self._lock:
            if leads not in ("", self._leader) or time.monotonic() > self._until:
                self._leader = ""
            return self._leader


def announce(store: Any, handler: Any) -> None:
    """Makes Patroni's class for a store, and that for its REST interface, do so."""
    given = Announcement()
    failover, status = store.manual_failover, handler._write_status_response

    def manual_failover(
        self: Any, leader: str | None, candidate: str | None, scheduled_at: Any = None, version: Any = None
    ) -> Any:
        # What Patroni's own loop writes has a version, or names nobody: it clears what is done.
        if scheduled_at is not None or version is not None or not (leader or candidate):
            return failover(self, leader, candidate, scheduled_at, version)
        given.begin(leader or _leader(self))
        time.sleep(HEARD_S)
        asked = False
        try:
            asked = failover(self, leader, candidate, scheduled_at, version)
        finally:
            if not asked:
                given.end()
        return asked

    def write_status_response(self: Any, status_code: int, response: dict[str, Any]) -> None:
        if told := given.now(_leader(self.server.patroni.dcs)):
            response["handing_over"] = told
        status(self, status_code, response)

    store.manual_failover, handler._write_status_response = manual_failover, write_status_response


def _leader(store: Any) -> str:
    """Who leads as Patroni last saw it."""
    return str(store.cluster.leader_name or "") if store.cluster else ""
