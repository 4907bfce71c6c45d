"""The members' numeric addresses, by name: a pod gets a new one at each start, and a name server may be out for long.

The last known address stays until another is known, and those of before are remembered, because connections to a pod
that is gone outlive its name.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping

from .configuration import Address


class Addresses:
    """Asks the resolver every `seconds`, in a thread; `changed` is called when a member has a new address."""

    def __init__(self, members: Mapping[str, Address], seconds: float, changed: Callable[[], None]) -> None:
        self._members, self._seconds, self._changed = members, seconds, changed
        self._lock = threading.Lock()
        self._current: dict[str, str] = {}
        self._ever: dict[str, set[str]] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        if self._seconds > 0:
            threading.Thread(target=self._run, name="addresses", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def change(self, members: Mapping[str, Address]) -> None:
        self._members = members

    def current(self) -> Mapping[str, str]:
        """Each member's last known address; empty where nobody resolves."""
        with self._lock:
            return dict(self._current)

    def stale(self, leader: str) -> frozenset[tuple[str, int]]:
        """Every (address, port) that a member other than this one has or had, and this one has not now."""
        with self._lock:
            return frozenset(
                (address, at.port)
                for name, at in self._members.items()
                for address in self._ever.get(name, ())
                if name != leader and address != self._current.get(leader)
            ) | frozenset(
                (address, self._members[leader].port)
                for address in self._ever.get(leader, ())
                if leader in self._members and address != self._current.get(leader)
            )

    def look(self) -> bool:
        """Resolves every name once; whether an address is new."""
        found = {name: address for name, at in self._members.items() if (address := _resolved(at.host))}
        with self._lock:
            new = any(self._current.get(name) != address for name, address in found.items())
            self._current |= found
            for name, address in found.items():
                self._ever.setdefault(name, set()).add(address)
        return new

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self.look():
                self._changed()
            self._stopping.wait(self._seconds)


def _resolved(host: str) -> str | None:
    with contextlib.suppress(OSError):
        for *_, where in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
            return str(where[0])
    return None
