"""What the access layer learns of a cluster in pods: where sessions go, and where each PgBouncer is told something."""

from __future__ import annotations

import pytest

from components.contract import Endpoint
from components.kubernetes import arguments
from components.settings.kubernetes import DEFAULT_MAJOR
from components.settings.load import load
from tests.unit.kubernetes.golden import case_names, given

CONSOLES = ["pg-pool", "pg-pool-ro"]


@pytest.mark.parametrize("case", case_names())
def test_every_pooler_is_told_by_way_of_its_own_pod(case: str) -> None:
    """Exposed or not: an address outside stands for all gateways, as a Service does."""
    settings = load(given(case)["config"], default_major=DEFAULT_MAJOR)
    server = arguments.server(settings)
    space = arguments.namespace(settings)

    assert list(server.poolers) == [Endpoint(host=f"{name}.{space}.svc", port=6432) for name in CONSOLES]
    assert server.pods == arguments.route_of(settings)
    assert (server.route is None) == (settings.kubernetes.exposure.host is not None)
