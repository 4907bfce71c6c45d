"""Asks each member in turn whether it is the primary: how a gateway learns who leads where there is no etcd to watch.

One thread a member, so that one that is silent holds nobody up. While a primary answers they ask at leisure; from the
moment it says otherwise or falls silent they all ask often, until there is a primary again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import etcd, primary
from .configuration import Gateway
from .log import Log
from .primary import Said
from .routing import View

AT_LEISURE = 0.5  # announcing.py waits longer than this before a switchover begins
_EAGER = 0.2
_EAGER_SECONDS = 15.0


def view(answers: Mapping[str, Said | None], before: str | None) -> View:
    """Who leads, from each member's last answer (None: silent), where `before` led until now.

    Silence is no news: a leader that does not answer stays the leader until it says otherwise, or until another one is
    the primary. Should two say so, the later timeline is right.
    """
    primaries = {name: one.timeline for name, one in answers.items() if one is not None and one.primary}
    leader = max(primaries, key=lambda name: (primaries[name], name == before, name), default=None)
    if leader is None and before is not None and before in answers and answers[before] is None:
        leader = before
    asked_to = {one.handing_over for one in answers.values() if one is not None}
    return View(leader, leader is not None and leader in asked_to)


def is_certain(answers: Mapping[str, Said | None], leader: str | None) -> bool:
    """Whether the leader itself has just said that it is."""
    one = answers.get(leader or "")
    return one is not None and one.primary


class Asked:
    """Calls `changed` (from one of its threads) whenever the view changes."""

    def __init__(self, settings: Gateway, log: Log, changed: Callable[[], None]) -> None:
        self._log, self._changed = log, changed
        self._members, self._rest = dict(settings.members), etcd.tls(settings.rest)
        self._lock = threading.Condition()
        self._answers: dict[str, Said | None] = {}
        self._view = View()
        self._since = time.monotonic()  # that nobody is certain, or that somebody is
        self._certain = self._stopping = False

    def start(self) -> None:
        with self._lock:
            self._start_missing(())

    def stop(self) -> None:
        """Does not wait for the threads: they are daemons."""
        with self._lock:
            self._stopping = True
            self._lock.notify_all()

    def change(self, settings: Gateway) -> None:
        """Other members, addresses or certificates."""
        with self._lock:
            known = tuple(self._members)
            self._members, self._rest = dict(settings.members), etcd.tls(settings.rest)
            self._answers = {name: one for name, one in self._answers.items() if name in self._members}
            self._start_missing(known)

    def view(self) -> View:
        with self._lock:
            return self._view

    def status(self) -> Mapping[str, Any]:
        """The members that answer."""
        with self._lock:
            return {"answering": sorted(name for name, one in self._answers.items() if one is not None)}

    def _start_missing(self, known: tuple[str, ...]) -> None:
        for name in self._members.keys() - set(known):
            threading.Thread(target=self._follow, args=(name,), name=f"ask {name}", daemon=True).start()

    def _follow(self, name: str) -> None:
        while True:
            with self._lock:
                at, context = self._members.get(name), self._rest
                if at is None or self._stopping:
                    return
            answer = primary.ask(at, context)
            if self._take(name, answer):
                self._changed()
            with self._lock:
                if not self._stopping:
                    self._lock.wait(self._pause())

    def _take(self, name: str, answer: Said | None) -> bool:
        """Whether the view is another one now."""
        with self._lock:
            if name not in self._members:
                return False
            if (answer is None) != (self._answers.get(name) is None):
                self._log(f"{name} {'does not answer' if answer is None else 'answers'}")
            self._answers[name] = answer
            before, self._view = self._view, view(self._answers, self._view.leader)
            certain = is_certain(self._answers, self._view.leader)
            if certain != self._certain:
                self._certain, self._since = certain, time.monotonic()
                self._lock.notify_all()  # whoever asks at leisure asks now
            return self._view != before

    def _pause(self) -> float:
        eager = not self._certain and time.monotonic() - self._since < _EAGER_SECONDS
        return _EAGER if eager else AT_LEISURE
