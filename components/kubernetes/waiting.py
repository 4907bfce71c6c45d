"""Waits for what Kubernetes makes: each says now and then what it waits for, and has a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from components.engine import tell
from components.patroni.failure import ClusterError
from components.reach import RouteError

Found = TypeVar("Found")
PAUSE = 1.0
TOLD_EVERY = 15.0  # seconds between two words on what is waited for


def nothing(*_: Any) -> str:
    """What there is to add to what is lacking, where nobody knows more."""
    return ""


def wait(
    look: Callable[[], Found],
    lacking: Callable[[Found], str],
    limit: float,
    what: str,
    *,
    trouble: Callable[[Found], str] = nothing,
    hint: Callable[[], str] = nothing,
) -> Found:
    """What is seen, once nothing is lacking; an API server that is silent for a while is no reason to give up.

    `trouble` is added to what is told meanwhile, and may give up itself. Raises ClusterError after `limit` seconds:
    "waited 60 s for <what>: <what is lacking><hint>".
    """
    deadline, said = time.monotonic() + limit, time.monotonic()
    while True:
        now = None
        try:
            now = look()
            why = lacking(now)
        except RouteError as error:
            why = str(error)
        if now is not None and not why:
            return now
        if time.monotonic() > deadline:
            raise ClusterError(f"waited {limit:g} s for {what}: {why}{hint()}")
        if time.monotonic() - said > TOLD_EVERY:
            tell([f"waiting for {what}: {why}{trouble(now) if now is not None else ''}"])
            said = time.monotonic()
        time.sleep(PAUSE)
