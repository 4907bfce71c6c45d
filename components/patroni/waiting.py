"""Waits that end: each has a limit and says what it waited for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from components.patroni.failure import ClusterError

Found = TypeVar("Found")
PAUSE = 0.05  # short against the steps waited for (0.2 s and more), long against what one look costs
TAIL = 6


def until(look: Callable[[], Found | None], limit: float, what: str, hint: Callable[[], str] = lambda: "") -> Found:
    """What `look` finds first; after `limit` seconds of nothing, the ClusterError "waited 60 s for <what><hint>"."""
    deadline = time.monotonic() + limit
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        if time.monotonic() > deadline:
            raise ClusterError(f"waited {limit:g} s for {what}{hint()}")
        time.sleep(PAUSE)


def see(log: Path) -> str:
    """A pointer to a log file and its last lines, for a message; the files hold no secrets."""
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            lines = [line.rstrip() for line in deque(file, TAIL)]
    except OSError:
        return f"; {log} is not there, so its program never started"
    return f"; see {log}, which ends in:\n    " + "\n    ".join(lines)
