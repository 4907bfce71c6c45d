"""What takes its time and needs little: the ways to a member and to the writer open while providers are loaded."""

from __future__ import annotations

import json
from typing import Any

from components.contract import Endpoint, Route
from components.kubernetes.names import service
from components.reach.route import begin

REST = 8008  # Patroni's port of each member


def ways(props: dict[str, Any]) -> None:
    """Of Patroni's dynamic configuration, which is read first, and of access, which is asked next.

    Access may come in from outside instead. What goes wrong is told to whoever takes the way.
    """
    spec = json.loads(props["spec"])
    if spec["asleep"]:
        return
    route = Route(**spec["route"])
    begin(route, Endpoint(host=next(iter(spec["members"].values()))["host"], port=REST))
    if not spec.get("door"):
        begin(route, service("writer", str(route.namespace)))
