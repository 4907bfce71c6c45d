"""open_route(): the way to a server. Sessions that follow each other share a forward for as long as it is of use."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from components.reach.errors import RouteError

if TYPE_CHECKING:
    from components.contract import Endpoint, Route
    from components.reach.forward import Forward

KEPT_S = 30.0  # an unused forward is kept for the next resource; starting one takes a second


class Way:
    """The way to one endpoint: what libpq has to be told beside the server's own words."""

    def __init__(self, route: Route | None, endpoint: Endpoint, blocked: str | None = None) -> None:
        self._route, self._endpoint, self._blocked = route, endpoint, blocked

    @property
    def carries(self) -> bool:
        """Whether something stands in between that may die while the server lives."""
        return self._route is not None

    def words(self) -> dict[str, Any]:
        """`hostaddr` and `port`; the `host` stays what the certificate carries. Empty where one goes directly.

        Raises RouteError. Ask anew for each session: a forward that died is started again here.
        """
        if self._blocked:
            raise RouteError(self._blocked)
        if self._route is None:
            return {}
        return {"hostaddr": "127.0.0.1", "port": _POOL.forward(self._route, self._endpoint).port()}

    def renew(self) -> None:
        """Sessions to come get a new forward; those that are open keep theirs."""
        if self._route is not None:
            _POOL.retire(self._route, self._endpoint)


@contextmanager
def open_route(route: Route | None, endpoint: Endpoint, blocked: str | None = None) -> Iterator[Way]:
    """The way to an endpoint for as long as the block runs. `blocked`: why nobody need try."""
    _POOL.enter()
    try:
        yield Way(route, endpoint, blocked)
    finally:
        _POOL.leave()


def begin(route: Route, endpoint: Endpoint) -> None:
    """Starts the way to an endpoint that somebody will take in a moment; starting one takes half a second."""
    _POOL.forward(route, endpoint).begin()


def close_all() -> None:
    """Ends every forward of this process, now."""
    _POOL.close()


class _Pool:
    """The forwards of this process. When nobody has used them for a while they are ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forwards: dict[tuple[Route, Endpoint], Forward] = {}
        self._retired: list[Forward] = []
        self._users, self._left = 0, 0.0

    def enter(self) -> None:
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            self._left = time.monotonic()
            if self._users or not (self._forwards or self._retired):
                return
        timer = threading.Timer(KEPT_S, self._close_unused)
        timer.daemon = True
        timer.start()

    def forward(self, route: Route, endpoint: Endpoint) -> Forward:
        from components.reach.forward import Forward  # here, because who goes directly would pay for loading it

        with self._lock:
            return self._forwards.setdefault((route, endpoint), Forward(route, endpoint))

    def retire(self, route: Route, endpoint: Endpoint) -> None:
        with self._lock:
            if (route, endpoint) in self._forwards:
                self._retired.append(self._forwards.pop((route, endpoint)))

    def close(self) -> None:
        with self._lock:
            forwards = [*self._forwards.values(), *self._retired]
            self._forwards, self._retired = {}, []
        for forward in forwards:
            forward.close()

    def _close_unused(self) -> None:
        with self._lock:
            unused = not self._users and time.monotonic() - self._left >= KEPT_S
        if unused:
            self.close()


_POOL = _Pool()
atexit.register(close_all)
