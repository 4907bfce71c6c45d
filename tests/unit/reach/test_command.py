"""What kubectl is told, and what is made of its answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.contract import Endpoint, Route
from components.reach.command import complaint, kubectl, local_port, pods, port_forward, slices, target

ROUTE = Route(kind="port-forward", namespace="postgres-main", context="dev", kubeconfig="/home/me/kube.yaml")
WRITER = Endpoint(host="pg-rw.postgres-main.svc", port=5432)


def test_the_command_names_everything_and_holds_no_secret() -> None:
    assert port_forward(ROUTE, WRITER) == (
        "kubectl",
        "--kubeconfig=/home/me/kube.yaml",
        "--context=dev",
        "--namespace=postgres-main",
        "port-forward",
        "--address=127.0.0.1",
        "--pod-running-timeout=10s",
        "service/pg-rw",
        ":5432",
    )


def test_a_forward_that_is_started_again_keeps_its_port() -> None:
    assert port_forward(ROUTE, WRITER, 40123)[-1] == "40123:5432"


def test_kubectl_chooses_what_the_route_leaves_open() -> None:
    words = port_forward(Route(kind="port-forward", namespace="postgres-main"), WRITER)

    assert not [word for word in words if word.startswith(("--kubeconfig", "--context"))]


@pytest.mark.parametrize(
    "line, port",
    [
        pytest.param("Forwarding from 127.0.0.1:40123 -> 5432\n", 40123, id="listening"),
        pytest.param("Handling connection for 40123\n", None, id="a connection"),
        pytest.param("error: lost connection to pod\n", None, id="an end"),
    ],
)
def test_the_local_port_is_what_kubectl_says(line: str, port: int | None) -> None:
    assert local_port(line) == port


def test_a_complaint_is_kubectl_s_last_word() -> None:
    assert complaint(["Forwarding from 127.0.0.1:4 -> 5\n", "error: lost connection to pod\n"]) == (
        "lost connection to pod"
    )
    assert complaint([]) == "kubectl ended without a word"


def test_a_pod_behind_a_headless_service_is_reached_by_itself() -> None:
    assert target(Endpoint(host="pg-0.pg.postgres-main.svc", port=8008)) == "pod/pg-0"
    assert target(Endpoint(host="pg-rw.postgres-main.svc", port=5432)) == "service/pg-rw"


POOLED = Endpoint(host="pg-pool.postgres-main.svc", port=6432)


def test_who_is_behind_a_service_is_asked_by_its_name() -> None:
    words = slices(POOLED)

    assert words == ("get", "endpointslices", "--selector=kubernetes.io/service-name=pg-pool", "--output=json")
    assert kubectl(ROUTE)[1:] == ("--kubeconfig=/home/me/kube.yaml", "--context=dev", "--namespace=postgres-main")


def slice_of(*pods: str, port: int = 6432, **more: Any) -> dict[str, Any]:
    found = [{"targetRef": {"kind": "Pod", "name": name}, "conditions": {"ready": False}} for name in pods]
    return {"ports": [{"port": port}], "endpoints": found, **more}


@pytest.mark.parametrize(
    "items, found",
    [
        pytest.param([], [], id="no gateway runs"),
        pytest.param([slice_of("b", "a")], ["a", "b"], id="two, ready or not"),
        pytest.param([slice_of("a"), slice_of("a", "b")], ["a", "b"], id="two slices that overlap"),
        pytest.param([slice_of("a"), {"ports": None, "endpoints": None}], ["a"], id="an empty slice"),
        pytest.param([slice_of("a", endpoints=[{"addresses": ["10.0.0.1"]}])], [], id="an address that is no pod"),
    ],
)
def test_each_pod_behind_a_service_is_reached_at_its_own_port(items: list[dict[str, Any]], found: list[str]) -> None:
    there = pods(json.dumps({"items": items}), Endpoint(host="pg-pool-ro.postgres-main.svc", port=6432))

    assert [one.host for one in there] == [f"{name}.pg-pool-ro.postgres-main.svc" for name in found]
    assert [target(one) for one in there] == [f"pod/{name}" for name in found]


def test_the_port_of_a_pod_is_not_the_service_s() -> None:
    text = json.dumps({"items": [slice_of("a", port=6433)]})

    assert [one.port for one in pods(text, POOLED)] == [6433]
