"""What a new spec of the dynamic configuration will do, is said; what an operator did stays."""

from __future__ import annotations

from typing import Any

import pytest

from components.patroni.configuration import changes, drift, spared, wanted_change
from components.render.impact import deployment
from components.render.patroni import dynamic_configuration
from components.settings.load import load

CA = {"authority_certificate": "c", "authority_key": "k"}
PRIMARY = {"standby_of": {"host": "db.example.org", "port": 30432}, "certificates": CA}
STANDBY = {"host": "db.example.org", "port": 30432, "create_replica_methods": ["basebackup"]}


def spec(**given: Any) -> dict[str, Any]:
    settings = load({"platform": "kubernetes", **given}, default_major=17)
    return {"configuration": dynamic_configuration(settings), "deployment": deployment(settings)}


@pytest.mark.parametrize(
    "old, new, told",
    [
        pytest.param({}, {}, [], id="nothing"),
        pytest.param({}, {"parameters": {"work_mem": "8MB"}},
                     ["parameters.work_mem: 4MB -> 8MB: reload, nobody is cut off"], id="reload"),
        pytest.param({}, {"parameters": {"max_connections": 120}},
                     ["parameters.max_connections: 100 -> 120: rolling restart (replicas first, then a switchover,"
                      " then the old primary)"], id="restart"),
        pytest.param({"kubernetes": PRIMARY}, {},
                     ["promotion: no longer follows db.example.org:30432, takes writes; make sure that the"
                      " other takes none"], id="promotion"),
        pytest.param({}, {"kubernetes": PRIMARY},
                     ["becomes a standby of db.example.org:30432: takes no writes any more, what only it has is lost"],
                     id="demotion"),
    ],
)  # fmt: skip
def test_changes(old: dict[str, Any], new: dict[str, Any], told: list[str]) -> None:
    assert changes(spec(**old), spec(**new)) == told


def test_a_promotion_ends_the_standby_mode_and_an_operators_stays() -> None:
    live = {**spec()["configuration"], "standby_cluster": STANDBY}
    assert wanted_change(spec(), live, spec(kubernetes=PRIMARY)) == {"standby_cluster": None}
    assert wanted_change(spec(), live, spec()) == {}  # made with patronictl, not by the stack
    assert wanted_change(spec(), live, None) == {}


def test_a_standby_is_made_by_a_patch() -> None:
    live = spec()["configuration"]
    assert wanted_change(spec(kubernetes=PRIMARY), live, spec()) == {"standby_cluster": STANDBY}


VIEW = [{"name": "pg-0", "role": "leader"}, {"name": "pg-1", "role": "replica", "pending_restart": True}]


def test_drift_names_values_and_who_waits() -> None:
    live = {**spec()["configuration"], "ttl": 60}
    assert drift(spec(), spec(), VIEW, live) == [
        "dynamic configuration: ttl is 60 instead of 30",
        "pg-1: waits for a restart",
    ]


def test_fenced_members_are_spared() -> None:
    assert spared({"fenced": ["pg-1"]}) == {"pg-1"}
    assert spared({}) == frozenset()
