"""Which pods a Service stands for now, where each of them has to be told something."""

from __future__ import annotations

from components.contract import Endpoint, Route
from components.reach.asking import ask
from components.reach.command import pods, slices


def behind(route: Route | None, endpoint: Endpoint) -> list[Endpoint]:
    """Each pod behind the endpoint, to be reached by the same route; without a route the endpoint itself.

    Raises RouteError with what kubectl said.
    """
    if route is None:
        return [endpoint]
    return pods(ask(route, *slices(endpoint), what=f"the pods behind {endpoint} cannot be listed"), endpoint)
