"""The files of the pods: what the containers' supervisor is told must be what it understands."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from components.render.pod_election import etcd_names
from components.render.pods import configuration_files, member_names
from components.settings.load import load
from components.supervisor.configuration import Gateway, Member, Node, parse


def files(**config: Any) -> dict[str, dict[str, str]]:
    return configuration_files(load({"platform": "kubernetes"} | config, default_major=17))


@pytest.fixture(autouse=True)
def pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAME", "pg-1")


@pytest.mark.parametrize(
    "group, file, role, kind",
    [
        ("patroni", "member.json", "member", Member),
        ("etcd", "node.json", "node", Node),
        ("gateway", "gateway.json", "gateway", Gateway),
    ],
)
def test_the_supervisor_takes_its_file(group: str, file: str, role: str, kind: type[Any]) -> None:
    assert isinstance(parse(role, json.loads(files()[group][file]), file), kind)


def test_a_member_more_is_known_to_the_gateway_and_changes_no_member() -> None:
    few, many = files(), files(replicas=4)
    assert set(json.loads(many["gateway"]["gateway.json"])["members"]) == {f"pg-{number}" for number in range(5)}
    assert many["gateway"]["haproxy.cfg"].count("server pg-4 pg-4.pg:5432") == 2
    assert many["patroni"]["member.json"] == few["patroni"]["member.json"]
    assert many["etcd"] == few["etcd"]


def test_what_differs_from_pod_to_pod_is_in_no_file_of_patroni() -> None:
    patroni = yaml.safe_load(files()["patroni"]["patroni.yml"])
    assert "name" not in patroni
    assert "connect_address" not in patroni["restapi"] | patroni["postgresql"]
    told = parse("member", json.loads(files()["patroni"]["member.json"])).environment
    assert told["PATRONI_NAME"] == "pg-1"
    assert told["PATRONI_RESTAPI_CONNECT_ADDRESS"] == "pg-1.pg:8008"


def test_every_etcd_node_has_a_file_and_the_same_peers() -> None:
    nodes = files(kubernetes={"etcd": {"nodes": 5}})["etcd"]
    peers = {yaml.safe_load(nodes[f"etcd-{number}.yml"])["initial-cluster"] for number in range(5)}
    assert len(peers) == 1
    assert peers.pop().count(",") == 4


def test_the_pooler_asks_for_passwords_as_its_own_account() -> None:
    """Without it PgBouncer knows no login at all, and every pooled client is refused."""
    for pooler in parse("gateway", json.loads(files()["gateway"]["gateway.json"])).pgbouncer:
        assert pooler.databases == {"*": "auth_user=pgbouncer"}


def test_the_reading_pooler_finds_haproxy_without_a_name() -> None:
    """`localhost` is ::1 first in a pod, where HAProxy does not listen: every pooled read timed out."""
    poolers = parse("gateway", json.loads(files()["gateway"]["gateway.json"])).pgbouncer
    assert [pooler.target for pooler in poolers] == ["leader", "127.0.0.1:5433"]


def test_names_count_from_zero() -> None:
    settings = load({"platform": "kubernetes"}, default_major=17)
    assert member_names(settings) == ("pg-0", "pg-1", "pg-2")
    assert etcd_names(settings) == ("etcd-0", "etcd-1", "etcd-2")
