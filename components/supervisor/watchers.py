"""Watches a cluster's leader and failover keys through every etcd node at once.

One stream per node, each with its own thread asleep in a read: the first to tell wins (revisions order the rest), so
the loss of any node, the leader of etcd included, costs nothing. A silent stream is opened anew every few seconds with
a fresh read by majority, which is the net below a node that hangs.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from . import etcd
from .configuration import Etcd, Gateway
from .log import Log
from .routing import Keys, View

_CONNECT_LIMIT = 2.0
_SILENCE_LIMIT = 15.0


class Watchers:
    """Calls `changed` (from one of its threads) whenever the view changes."""

    def __init__(self, settings: Etcd, prefix: str, log: Log, changed: Callable[[], None]) -> None:
        self._settings, self._log, self._changed = settings, log, changed
        self._keys = Keys(prefix)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._open: dict[str, http.client.HTTPSConnection] = {}
        self._threads = [
            threading.Thread(target=self._follow, args=(endpoint,), name=f"watch {endpoint}", daemon=True)
            for endpoint in settings.endpoints
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Does not wait for the threads: they are daemons, asleep in a read."""
        self._stopping.set()

    def view(self) -> View:
        with self._lock:
            return self._keys.view()

    def change(self, settings: Gateway) -> None:
        """Members come and go without etcd's; other etcd nodes are read at a start alone."""

    def status(self) -> Mapping[str, Any]:
        """The etcd nodes that answer."""
        with self._lock:
            return {"etcd_endpoints": sorted(self._open)}

    def _follow(self, endpoint: str) -> None:
        pause = 0.1
        while not self._stopping.is_set():
            try:
                context = etcd.tls(self._settings)  # each time, because certificates are renewed while we live
                with contextlib.closing(etcd.connect(endpoint, context, _CONNECT_LIMIT)) as connection:
                    pause = 0.1
                    self._stream(endpoint, connection)
            except TimeoutError:
                pause = 0.1  # silence is normal
            except (OSError, http.client.HTTPException, ValueError, etcd.EtcdError) as error:
                if pause == 0.1:
                    self._log(f"etcd {urlsplit(endpoint).netloc}: {type(error).__name__}: {error}")
                pause = min(2.0, pause * 2)
            finally:
                with self._lock:
                    self._open.pop(endpoint, None)
            self._stopping.wait(pause)

    def _stream(self, endpoint: str, connection: http.client.HTTPSConnection) -> None:
        with self._lock:
            start, end = self._keys.failover_key, f"{self._keys.leader_key}\0"
        snapshot = etcd.read_range(connection, start, end)
        self._take(lambda: self._keys.take(snapshot))
        with self._lock:
            self._open[endpoint] = connection
        connection.sock.settimeout(_SILENCE_LIMIT)
        for events in etcd.watch(connection, start, end, snapshot.revision + 1):
            self._take(lambda events=events: self._keys.change(events))  # type: ignore[misc]

    def _take(self, change: Callable[[], bool]) -> None:
        with self._lock:
            changed = change()
        if changed:
            self._changed()
