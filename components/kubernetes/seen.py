"""What Kubernetes has of a cluster, asked once a run: pods and volumes look at the same answer.

A preview compares them at its refresh, right after it, and when the program declares them.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from components.contract import Route
from components.reach.asking import ask

KEPT_S = 120.0  # a run that takes longer asks again
KINDS = "statefulsets,pods,persistentvolumeclaims"

_LOCK = threading.Lock()
_SEEN: dict[Route, tuple[float, list[dict[str, Any]]]] = {}


def objects(route: Route) -> list[dict[str, Any]]:
    """The namespace's StatefulSets, pods and claims. Raises RouteError; who asks meanwhile waits for the answer."""
    with _LOCK:
        at, found = _SEEN.get(route, (0.0, None))
        if found is None or time.monotonic() - at > KEPT_S:
            words = ("get", KINDS, "--output=json")
            text = ask(route, *words, what="the members' pods and volumes cannot be listed")
            found = json.loads(text)["items"]
            _SEEN[route] = (time.monotonic(), found)
        return found


def forget() -> None:
    """Something is changed: what was seen before holds no more."""
    with _LOCK:
        _SEEN.clear()
