from __future__ import annotations

from typing import Any

import pytest

from components.supervisor.configuration import ConfigurationError, Gateway, Member, parse

ETCD = {"endpoints": ["https://localhost:1"], "ca": "/ca", "cert": "/cert", "key": "/key"}
COMMON = {"name": "one", "directory": "/d", "log_file": "/d/log", "status_file": "/d/status.json"}
MEMBER = {**COMMON, "scope": "main", "command": ["patroni"], "data_dir": "/d/data", "etcd": ETCD}
GATEWAY = {
    **COMMON,
    "scope": "main",
    "etcd": ETCD,
    "members": {"pg-1": {"host": "localhost", "port": 1, "rest_port": 2}},
    "rest": {"ca": "/ca", "cert": "/cert", "key": "/key"},
    "pgbouncer": [{"name": "rw", "command": ["pgbouncer"], "databases_file": "/d/db", "target": "leader"}],
}


def problems(role: str, plain: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(role, plain, "file")
    return caught.value.problems


def test_a_member_gets_its_defaults() -> None:
    member = parse("member", MEMBER)
    assert isinstance(member, Member)
    assert (member.namespace, member.restart_delay_seconds, member.stop_limit_seconds) == ("/service/", 1.0, 60.0)
    assert member.etcd.endpoints == ("https://localhost:1",)


def test_a_gateway_may_do_without_haproxy() -> None:
    gateway = parse("gateway", {**GATEWAY, "haproxy": None})
    assert isinstance(gateway, Gateway)
    assert gateway.haproxy is None
    assert gateway.pgbouncer[0].databases == {"*": ""}
    assert gateway.members["pg-1"].rest_port == 2


def test_every_problem_is_reported_at_once() -> None:
    wrong = {**MEMBER, "stop_limit_seconds": -1, "command": [], "etcd": {**ETCD, "ca": 3}, "color": "red"}
    del wrong["scope"]
    found = problems("member", wrong)
    assert [line.split(":")[0] for line in found] == [
        "file.color",
        "file.scope",
        "file.stop_limit_seconds",
        "file.command",
        "file.etcd.ca",
    ]


def test_nested_problems_name_their_place() -> None:
    wrong = {**GATEWAY, "members": {"pg-1": {"host": "localhost", "port": "x", "rest_port": 2}}}
    assert problems("gateway", wrong) == ["file.members.pg-1.port: must be int, found str"]
    assert problems("gateway", {**GATEWAY, "pgbouncer": [{"name": "rw"}]}) == [
        "file.pgbouncer[0].command: missing",
        "file.pgbouncer[0].databases_file: missing",
        "file.pgbouncer[0].target: missing",
    ]


@pytest.mark.parametrize("target", ["localhost", "localhost:", "localhost:x", ":5432"])
def test_a_target_is_the_leader_or_an_address(target: str) -> None:
    pooler = {**GATEWAY["pgbouncer"][0], "target": target}  # type: ignore[index]
    assert problems("gateway", {**GATEWAY, "pgbouncer": [pooler]}) == [
        f'file.pgbouncer[0].target: must be "leader" or "host:port", found {target!r}'
    ]


def test_no_value_of_the_environment_is_shown() -> None:
    assert "hunter2" not in str(problems("member", {**MEMBER, "environment": {"A": ["hunter2"]}}))


def test_what_is_not_an_object_is_a_problem_not_a_crash() -> None:
    assert problems("node", ["x"]) == ["file: must be an object, found list"]


def test_a_pods_name_comes_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAME", "pg-2")
    member = parse("member", {**MEMBER, "name": "${POD_NAME}", "environment": {"AT": "${POD_NAME}.pg:8008"}})
    assert (member.name, member.environment) == ("pg-2", {"AT": "pg-2.pg:8008"})


def test_a_variable_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POD_NAME", raising=False)
    assert problems("member", {**MEMBER, "name": "${POD_NAME}"}) == ["file.name: the environment has no POD_NAME"]


def test_a_truth_is_no_number() -> None:
    assert parse("member", {**MEMBER, "owns_volume": True}).owns_volume is True
    assert problems("member", {**MEMBER, "owns_volume": 1}) == ["file.owns_volume: must be bool, found int"]
    assert problems("member", {**MEMBER, "rest_port": True}) == ["file.rest_port: must be int, found bool"]
