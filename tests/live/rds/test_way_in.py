"""The way through a task of the pooler, found in an emulated ECS before the stack's own resources say where it is."""

from __future__ import annotations

import boto3  # type: ignore[import-untyped]
import pytest

from components.access.failures import AccessError
from components.contract import Credentials, Endpoint, Route, Server
from components.rds.way_in import with_a_way

pytestmark = pytest.mark.live
HERE = Endpoint(host="main.abc.eu-central-1.rds.amazonaws.com", port=5432)


def server(route: Route | None) -> Server:
    return Server(
        writer=HERE,
        reader=HERE,
        pooled=HERE,
        pooled_reader=HERE,
        admin=Credentials(user="a"),
        ca="",
        major=17,
        route=route,
    )


@pytest.fixture(autouse=True)
def as_an_sdk_finds_it(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ENDPOINT_URL", cloud), ("ACCESS_KEY_ID", "testing"), ("SECRET_ACCESS_KEY", "testing")):
        monkeypatch.setenv(f"AWS_{name}", value)


def test_the_pooler_of_this_stack_is_found_among_others() -> None:
    ecs, way = boto3.client("ecs", region_name="eu-central-1"), Route(kind="ssm", region="eu-central-1")
    with pytest.raises(
        AccessError, match=r"ECS has no service in a cluster main-pooler-\.\.\.; name an instance in rds"
    ):
        with_a_way(server(way), "main-pooler-")
    task = {"family": "t", "containerDefinitions": [{"name": "c", "image": "i", "memory": 64}]}
    ecs.register_task_definition(**task)
    for cluster in ("other-pooler-1a2b3c4", "main-pooler-1a2b3c4"):
        ecs.create_cluster(clusterName=cluster)
        ecs.create_service(cluster=cluster, serviceName=f"s-{cluster}", taskDefinition="t", desiredCount=1)
    found = with_a_way(server(way), "main-pooler-").route
    assert found is not None
    assert str(found.cluster).endswith("cluster/main-pooler-1a2b3c4")
    assert str(found.service).endswith("s-main-pooler-1a2b3c4")


def test_a_way_that_is_known_is_left_alone() -> None:
    for way in (None, Route(kind="ssm", region="eu-central-1", target="i-0123456789abcdef0")):
        assert with_a_way(server(way), "main-pooler-") == server(way)
