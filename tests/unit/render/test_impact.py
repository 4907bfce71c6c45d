"""What a change does to a running cluster is said before it is done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.render.impact import Impact, deployment, impact, worst
from components.settings.load import load
from components.settings.ports import client_ports


def kept(*extensions: str, **config: Any) -> dict[str, Any]:
    settings = load({"platform": "embedded"} | config, default_major=15)
    return deployment(settings, frozenset(extensions))


def change(new: dict[str, Any], old: dict[str, Any] | None = None) -> list[tuple[str, str | None, str | None, str]]:
    return [(one.path, one.old, one.new, one.action) for one in impact(old or kept(), new)]


def parameters(**given: Any) -> dict[str, Any]:
    return kept(parameters=given)


@pytest.mark.parametrize(
    "new, expected",
    [
        pytest.param(kept(), [], id="nothing"),
        pytest.param(parameters(shared_buffers="131072kB", work_mem="4096"), [], id="the same in other units"),
        pytest.param(parameters(enable_seqscan="on"), [], id="the server's own default, written out"),
        pytest.param(kept(secrets={"app": "x"}, access=["a.yaml"], allow=["x"]), [], id="not the platform's"),
        pytest.param(
            parameters(work_mem="16MB"), [("parameters.work_mem", "4MB", "16MB", "reload")], id="work_mem reloads"
        ),
        pytest.param(
            parameters(max_connections=200),
            [("parameters.max_connections", "100", "200", "rolling restart")],
            id="max_connections restarts, replicas first",
        ),
        pytest.param(
            parameters(max_connections=60),
            [("parameters.max_connections", "100", "60", "restart, primary first")],
            id="fewer connections: the primary first",
        ),
        pytest.param(
            parameters(shared_buffers="64MB"),
            [("parameters.shared_buffers", "128MB", "64MB", "rolling restart")],
            id="less memory: replicas first",
        ),
        pytest.param(parameters(jit="off"), [("parameters.jit", None, "off", "reload")], id="one that was not set"),
        pytest.param(
            parameters(**{"cron.host": "x"}), [("parameters.cron.host", None, "x", "rolling restart")], id="extension"
        ),
        pytest.param(
            parameters(**{"app.tenant": "x"}), [("parameters.app.tenant", None, "x", "reload")], id="a setting of ours"
        ),
        pytest.param(kept("pgcrypto"), [], id="an extension that needs nothing"),
        pytest.param(
            kept(pooler={"default_pool_size": 30}), [("pooler.default_pool_size", "20", "30", "reload")], id="pool size"
        ),
        pytest.param(kept(replicas=3), [("replicas", "2", "3", "members")], id="a replica more"),
        pytest.param(kept(durability="balanced"), [("durability", "zero-loss", "balanced", "reload")], id="durability"),
        pytest.param(kept(patroni={"ttl": 30}), [("patroni.ttl", "20", "30", "reload")], id="a time"),
        pytest.param(kept(major=17, parameters={}), [("major", "15", "17", "new cluster")], id="major version"),
        pytest.param(kept(name="other"), [("name", "main", "other", "new cluster")], id="name"),
        pytest.param(
            kept(embedded={"ports": {"writer": 5432}}),
            [("ports.writer", "15430", "5432", "restart of the gateway")],
            id="a client's port",
        ),
        pytest.param(
            kept(embedded={"base_port": 16000, "ports": client_ports(load({"platform": "embedded"}).embedded)}),
            [("base_port", "15430", "16000", "restart of everything")],
            id="all other ports: etcd moves, which no rolling restart survives",
        ),
    ],
)
def test_a_change_and_its_cost(new: dict[str, Any], expected: list[tuple[str, str | None, str | None, str]]) -> None:
    assert change(new) == expected


def test_preloading_a_library_is_a_rolling_restart() -> None:
    found = {path: action for path, _, _, action in change(kept("pgaudit"))}
    assert found["parameters.shared_preload_libraries"] == "rolling restart"
    assert found["parameters.pgaudit.log"] == "reload"


def test_a_parameter_taken_out_goes_back_to_its_default() -> None:
    assert change(kept(), old=parameters(jit="off", work_mem="16MB")) == [
        ("parameters.jit", "off", None, "reload"),
        ("parameters.work_mem", "16MB", "4MB", "reload"),
    ]


def test_what_travelled_through_pulumis_state_compares_equal() -> None:
    travelled = json.loads(json.dumps(kept()), parse_int=float)
    assert impact(travelled, kept()) == impact(kept(), travelled) == []


def test_the_dearest_change_is_named() -> None:
    assert worst([]) is None
    assert worst(impact(kept(), parameters(work_mem="16MB"))) == "reload"
    assert worst(impact(kept(), parameters(work_mem="16MB", max_connections=200))) == "rolling restart"
    assert worst(impact(kept(), kept(name="other", replicas=3))) == "new cluster"


def test_an_impact_is_one_sentence() -> None:
    assert str(Impact("parameters.max_connections", "100", "200", "rolling restart")) == (
        "parameters.max_connections: 100 -> 200: rolling restart"
        " (replicas first, then a switchover, then the old primary)"
    )
    assert str(Impact("parameters.jit", None, "off", "reload")) == (
        "parameters.jit: (default) -> off: reload, nobody is cut off"
    )
