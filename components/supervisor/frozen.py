"""Ends a Patroni that does not answer: frozen, it can neither renew its lease nor stop its PostgreSQL.

In a container kubelet's probe does so too, but it knows nothing of the lease, which then lives on until its ttl.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable

from . import etcd
from .configuration import Member
from .log import Log

_INTERVAL = 1.0
_ANSWER_LIMIT = 2.0


class Watchdog:
    """Calls `end` when Patroni, which has answered before, has not for `frozen_seconds`. One thread."""

    def __init__(self, member: Member, log: Log, end: Callable[[str], None]) -> None:
        self._member, self._log, self._end = member, log, end
        self._answered: float | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        if self._member.frozen_seconds > 0 and self._member.rest is not None:
            threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def forget(self) -> None:
        """Patroni was started anew and may take its time until it answers for the first time."""
        with self._lock:
            self._answered = None

    def _run(self) -> None:
        while True:
            if self._answers():
                with self._lock:
                    self._answered = time.monotonic()
            elif self._overdue():
                self.forget()
                self._end(f"Patroni has not answered for {self._member.frozen_seconds:g} s: ending the whole member")
            time.sleep(_INTERVAL)

    def _overdue(self) -> bool:
        with self._lock:
            return self._answered is not None and time.monotonic() - self._answered >= self._member.frozen_seconds

    def _answers(self) -> bool:
        """Any answer counts: whether the member is well is Patroni's to say, and kubelet's to act on."""
        if self._member.rest is None:
            return True
        url = f"https://localhost:{self._member.rest_port}"
        try:
            context = etcd.tls(self._member.rest)
            with contextlib.closing(etcd.connect(url, context, _ANSWER_LIMIT)) as connection:
                connection.request("GET", "/liveness")
                connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        return True
