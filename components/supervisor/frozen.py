"""Ends a Patroni that does not answer: frozen, it can neither renew its lease nor stop its PostgreSQL.

In a container kubelet's probe does so too, but it knows nothing of the lease, which then lives on until its ttl. Nor
can it tell a frozen process from one on a busy machine, which this can: one that waits for its turn still gets some.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable

from . import etcd, processes
from .configuration import Member
from .log import Log

_INTERVAL = 1.0
_ANSWER_LIMIT = 2.0
_PATIENCE = 3  # times `frozen_seconds`, with a process that still runs


def overdue(answered: float | None, now: float, limit: float, has_run: bool) -> str:
    """Why Patroni must be ended, "" when it need not; `has_run` since it fell silent."""
    silent = 0.0 if answered is None else now - answered
    if silent >= limit and not has_run:
        return f"has been frozen for {silent:.0f} s"
    return f"has not answered for {silent:.0f} s" if silent >= limit * _PATIENCE else ""


class Watchdog:
    """Calls `end` when Patroni, which has answered before, neither answers nor runs for `frozen_seconds`, or does not
    answer for three times as long. One thread; `pid` tells whether there is a Patroni.
    """

    def __init__(self, member: Member, log: Log, pid: Callable[[], int | None], end: Callable[[str], None]) -> None:
        self._member, self._log, self._pid, self._end = member, log, pid, end
        self._answered: float | None = None
        self._ran: int | None = None  # processor time when the silence began
        self._status = 0
        self._lock = threading.Lock()

    def start(self) -> None:
        if self._member.frozen_seconds > 0 and self._member.rest is not None:
            threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def forget(self) -> None:
        """Patroni was started anew and may take its time until it answers for the first time."""
        with self._lock:
            self._answered, self._ran = None, None

    def well(self) -> bool:
        """False when Patroni itself says that its loop hangs; while it starts or is silent, that is our matter."""
        with self._lock:
            return self._answered is None or self._status == 200

    def _run(self) -> None:
        while True:
            if status := self._asked():
                with self._lock:
                    self._answered, self._ran, self._status = time.monotonic(), None, status
            elif reason := self._overdue():
                self.forget()
                self._end(f"Patroni {reason}: ending the whole member")
            time.sleep(_INTERVAL)

    def _overdue(self) -> str:
        now = self._ticks()
        with self._lock:
            self._ran = now if self._ran is None else self._ran
            return overdue(self._answered, time.monotonic(), self._member.frozen_seconds, self._ran != now)

    def _ticks(self) -> int:
        pid = self._pid()
        return processes.ticks(pid) if pid is not None else -1

    def _asked(self) -> int:
        """The status of Patroni's answer; 0 when there is none."""
        if self._member.rest is None:
            return 0
        url = f"https://localhost:{self._member.rest_port}"
        try:
            context = etcd.tls(self._member.rest)
            with contextlib.closing(etcd.connect(url, context, _ANSWER_LIMIT)) as connection:
                connection.request("GET", "/liveness")
                return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
