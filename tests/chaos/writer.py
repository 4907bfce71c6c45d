"""A client that writes without pause through one route, and remembers each row the server acknowledged."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import Any

import psycopg


class Writer:
    """Inserts (route, id) one row per transaction; `acknowledged` has id and time of each commit it was told of.

    A refused or broken connection is opened anew at once, as a client library with retries would.
    """

    def __init__(self, route: str, conninfo: dict[str, Any], pause: float = 0.005) -> None:
        self.route = route
        self.acknowledged: list[tuple[int, float]] = []
        self.errors: list[tuple[float, str]] = []
        self._conninfo, self._pause = conninfo, pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"writer {route}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, limit: float = 15.0) -> None:
        self._stopping.set()
        self._thread.join(limit)

    def last(self) -> float:
        """When the last row was acknowledged; 0.0 before the first."""
        return self.acknowledged[-1][1] if self.acknowledged else 0.0

    def outage(self, since: float) -> float:
        """The longest time between two acknowledgements, of which the later came after `since`."""
        times = [at for _, at in list(self.acknowledged)]
        gaps = [later - earlier for earlier, later in pairwise(times) if later >= since]
        return max(gaps, default=float("inf"))

    def errors_since(self, since: float) -> int:
        return sum(1 for at, _ in list(self.errors) if at >= since)

    def _run(self) -> None:
        number = 0
        connection: psycopg.Connection[Any] | None = None
        while not self._stopping.is_set():
            number += 1
            try:
                if connection is None:
                    connection = psycopg.connect(**self._conninfo, autocommit=True, prepare_threshold=None)
                connection.execute("INSERT INTO acknowledged (route, id) VALUES (%s, %s)", (self.route, number))
            except psycopg.Error as error:
                self.errors.append((time.monotonic(), " ".join(str(error).split())[:200]))
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.01)
                continue
            self.acknowledged.append((number, time.monotonic()))
            time.sleep(self._pause)
        if connection is not None:
            connection.close()
