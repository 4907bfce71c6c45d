"""A member's standing by Patroni's ConfigMaps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.supervisor.configuration import Kubernetes, Member, parse
from components.supervisor.kubernetes import KubernetesStore, missing, needed, standing
from components.supervisor.lease import store_of
from components.supervisor.store import Standing
from tests.unit.supervisor.test_configuration import ETCD, MEMBER, problems

API = {"host": "10.0.0.1", "port": "443", "namespace": "postgres-main"}


def config_map(version: str = "7", **annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": "main-x", "resourceVersion": version, "annotations": annotations}}


@pytest.mark.parametrize(
    "leader, config, expected",
    [
        pytest.param(None, None, Standing(False, False), id="a cluster that is not there yet"),
        pytest.param(config_map(leader="pg-0"), None, Standing(True, False, version="7"), id="leads"),
        pytest.param(config_map(leader="pg-1"), None, Standing(False, False), id="another one leads"),
        pytest.param({"metadata": {"name": "main-leader"}}, None, Standing(False, False), id="nobody leads"),
        pytest.param(config_map(leader="pg-0"), config_map(config=json.dumps({"pause": True})),
                     Standing(True, True, version="7"), id="paused"),
        pytest.param(None, config_map(config="{"), Standing(False, False), id="garbage"),
    ],
)  # fmt: skip
def test_standing(leader: dict[str, Any] | None, config: dict[str, Any] | None, expected: Standing) -> None:
    found = standing(leader, config, "pg-0")
    assert found == expected
    assert found.holds == expected.leads


WANTED = needed("main", "pg-0")
RIGHTS = Path(__file__).parent.parent.parent.parent / "k8s/election-kubernetes/rights.yaml"


def review(rules: list[dict[str, Any]], **status: Any) -> dict[str, Any]:
    return {"status": {"resourceRules": rules, **status}}


def test_the_manifests_grant_all_that_is_needed_and_each_rule_is_needed() -> None:
    rules = next(yaml.safe_load_all(RIGHTS.read_text(encoding="utf-8")))["rules"]
    assert missing(review(rules), WANTED) == []
    for left_out in rules:
        assert missing(review([rule for rule in rules if rule is not left_out]), WANTED), left_out


def test_each_missing_right_is_named() -> None:
    everything = {"verbs": ["*"], "apiGroups": [""], "resources": ["pods"]}
    assert missing(review([everything]), needed("main", "pg-0")[-2:]) == ["patch configmaps main-sync"]
    assert missing(review([{**everything, "resourceNames": ["pg-1"]}]), WANTED[-1:]) == ["patch pods pg-0"]
    assert missing(review([{**everything, "apiGroups": ["apps"]}]), WANTED[-1:]) == ["patch pods pg-0"]
    assert missing(review([], incomplete=True), WANTED) == []


def member(**given: Any) -> dict[str, Any]:
    return {key: value for key, value in MEMBER.items() if key != "etcd"} | given


def test_the_configuration_names_the_store() -> None:
    made = parse("member", member(kubernetes=API))
    assert isinstance(made, Member)
    assert made.kubernetes == Kubernetes(host="10.0.0.1", port="443", namespace="postgres-main")
    assert isinstance(store_of(made), KubernetesStore)
    assert store_of(parse("member", MEMBER)).name == "etcd"


@pytest.mark.parametrize("given", [{}, {"etcd": ETCD, "kubernetes": API}])
def test_there_is_exactly_one_store(given: dict[str, Any]) -> None:
    assert problems("member", member(**given)) == [
        "file: must have either `etcd` or `kubernetes`, which keeps the leader's lease"
    ]
