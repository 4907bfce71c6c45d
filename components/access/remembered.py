"""What the refresh of a run has read serves its comparisons too: one reading of the catalogue a run, not three.

The engine asks at the refresh, right after it, and when the program declares the resource. The plan that the first look
made is kept for the others, until anything is applied by this process; what is applied is planned from a fresh look.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from components.access.preview import Preview

KEPT_S = 120.0  # a run that takes longer looks again


class Remembered:
    """Plans by what they were made from."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._plans: dict[str, tuple[float, Preview]] = {}

    def keep(self, key: str, plan: Preview) -> None:
        """Of a server that answered; one that did not may do so a moment later."""
        if plan.reachable:
            with self._lock:
                self._plans[key] = (self._clock(), plan)

    def take(self, key: str) -> Preview | None:
        """The plan, while it is young."""
        with self._lock:
            made, plan = self._plans.get(key, (0.0, None))
        return plan if plan is not None and self._clock() - made < KEPT_S else None

    def forget(self) -> None:
        """Something is applied: nothing that was read before holds for sure."""
        with self._lock:
            self._plans.clear()


def key(kind: str, props: Mapping[str, Any], unwrapped: Callable[[Any], Any]) -> str:
    """Names a plan by all that goes into it, as a digest: passwords are among it."""
    plain = {name: unwrapped(value) for name, value in props.items() if name not in ("drift", "__provider") and value}
    text = json.dumps([kind, plain], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
