"""What the access layer learns of a cluster in pods: where sessions go, and where each PgBouncer is told something."""

from __future__ import annotations

from typing import Any

import pytest

from components.contract import Endpoint
from components.kubernetes import arguments
from components.kubernetes.leaves import leaves
from components.settings.kubernetes import DEFAULT_MAJOR
from components.settings.load import load
from tests.unit.kubernetes.golden import case_names, given, made

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


def digests(**config: Any) -> tuple[str, str]:
    """Of the members' template, and of what all pods read."""
    config = {"platform": "kubernetes", **config}
    manifests = made({"config": config})
    named = leaves(load(config, default_major=DEFAULT_MAJOR))
    return arguments.template(manifests), arguments.files(manifests, named)


@pytest.mark.parametrize(
    "config, template, files",
    [
        pytest.param({}, False, False, id="nothing"),
        pytest.param({"kubernetes": {"image": "elsewhere/postgres:17"}}, True, False, id="an image"),
        pytest.param({"pooler": {"default_pool_size": 7}}, False, True, id="a pool"),
        pytest.param({"kubernetes": {"fenced": ["pg-1"]}}, False, True, id="a fenced member"),
        pytest.param({"kubernetes": {"exposure": {"type": "LoadBalancer", "host": "db.example.org",
                                                  "sources": ["10.0.0.0/8"]}}}, False, True, id="a certificate's name"),
        pytest.param({"kubernetes": {"gateways": {"replicas": 3}}}, False, False, id="a gateway more"),
    ],
)  # fmt: skip
def test_what_the_configuration_waits_for_changes_with_it(config: dict[str, Any], template: bool, files: bool) -> None:
    before, after = digests(), digests(**config)

    assert (before[0] != after[0], before[1] != after[1]) == (template, files)
