"""A stack that says an upgrade: the databases are asked first, by the name that AWS gives, and the primary waits."""

from __future__ import annotations

from typing import Any

import pytest

from components.rds.upgrading import _asked
from tests.mocks.rds.graph import ANSWERS, declared
from tests.mocks.rds.stacks import graph
from tests.unit.settings.rds.stacks import settings

READY = "pulumi-python:dynamic/rds:UpgradeReady"
SAID = {"upgrade": {"from": 16, "to": 17}}


@pytest.mark.parametrize(
    ("rds", "kind", "name", "host", "secret"),
    [
        ({}, "rds.Instance", "main-primary", "main.abc.eu-central-1.rds.amazonaws.com", "main-admin"),
        (
            {"topology": "cluster", "instance_class": "db.r6gd.large"}, "rds.Cluster", "main-cluster",
            "main.cluster-abc.eu-central-1.rds.amazonaws.com", "rds!cluster-1",
        ),
    ],
    ids=["instance", "cluster"],
)  # fmt: skip
def test_the_database_waits_until_it_was_asked(
    rds: dict[str, Any], kind: str, name: str, host: str, secret: str
) -> None:
    replicas = 1 if kind == "rds.Instance" else 0
    found, _ = declared(settings({**SAID, **rds}, replicas=replicas, major=17))
    asked = found[READY, "main-upgrade-ready"]
    assert asked["server"]["writer"] == {"host": host, "port": 5432}
    assert asked["server"]["admin"]["secret"].endswith(secret)
    assert (asked["old"], asked["new"], asked["unchecked"], asked["pooler"]) == (16, 17, False, "main-pooler-")
    needed = {urn.rpartition("::")[2] for urn in found.requests[kind, name].dependencies}
    assert "main-upgrade-ready" in needed


def test_a_password_that_rds_does_not_keep_yet_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run that takes the last replica away and upgrades: the old one had a secret of ours."""
    said = ANSWERS["aws:rds/getInstance:getInstance"]
    monkeypatch.setitem(ANSWERS, "aws:rds/getInstance:getInstance", {**said, "masterUserSecrets": []})
    found, _ = declared(settings(SAID, replicas=0, major=17))
    assert found[READY, "main-upgrade-ready"]["server"]["admin"].get("secret") is None


def test_where_there_is_no_database_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWERS, "aws:rds/getInstances:getInstances", {"instanceIdentifiers": []})
    found, _ = declared(settings(SAID, replicas=0, major=17))
    asked = found[READY, "main-upgrade-ready"]
    assert asked.get("server") is None
    assert "aws:rds/getInstance:getInstance" not in found.asked
    (line,) = _asked({**asked, "server": None})
    assert line.endswith("is yet to be made; nothing was looked for")


def test_an_upgrade_can_go_unchecked_by_name() -> None:
    found, _ = declared(settings(SAID, replicas=0, major=17, allow=["unchecked-upgrade"]))
    assert found[READY, "main-upgrade-ready"]["unchecked"] is True


def test_without_an_upgrade_nobody_is_asked() -> None:
    found, _ = graph("prod")
    assert found.of(READY) == {}
    assert not [token for token in found.asked if token.startswith("aws:rds/")]
