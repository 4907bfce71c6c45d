"""What to do with the dynamic configuration, and in which order members restart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from components.patroni.decisions import (
    Restart,
    configuration_drift,
    differences,
    lowers,
    missing,
    patch,
    restarts,
    rounds,
    turning,
)


def parameters(**values: Any) -> dict[str, Any]:
    return {"postgresql": {"parameters": values}}


@pytest.mark.parametrize(
    "wanted, live, expected",
    [
        pytest.param({"ttl": 20}, {"ttl": 20}, {}, id="nothing to do"),
        pytest.param({"ttl": 20}, {"ttl": 30}, {"ttl": 20}, id="changed"),
        pytest.param({"ttl": 20}, {}, {"ttl": 20}, id="missing"),
        pytest.param({}, {"standby_retries": 1}, {"standby_retries": None}, id="set by hand"),
        pytest.param({}, {"pause": True, "slots": {"a": {}}}, {}, id="what operators set stays"),
        pytest.param(parameters(a="100"), parameters(a=100), {}, id="a number means its text"),
        pytest.param(parameters(a="on"), parameters(a=True), {}, id="true means on"),
        pytest.param(
            parameters(a="1"),
            parameters(a="1", b="2"),
            parameters(b=None),
            id="a parameter that the stack does not know",
        ),
    ],
)
def test_patch(wanted: dict[str, Any], live: dict[str, Any], expected: dict[str, Any]) -> None:
    assert patch(wanted, live) == expected


def patched(live: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """What Patroni makes of a PATCH."""
    made = dict(live)
    for key, value in change.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, Mapping):
            made[key] = patched(made.get(key, {}) if isinstance(made.get(key), Mapping) else {}, value)
        else:
            made[key] = value
    return made


names = some.sampled_from(["max_connections", "max_worker_processes", "work_mem", "a"])
configurations = some.fixed_dictionaries(
    {"postgresql": some.fixed_dictionaries({"parameters": some.dictionaries(names, some.integers(1, 5).map(str))})},
    optional={"ttl": some.integers(20, 30), "loop_wait": some.integers(1, 3)},
)


@given(configurations, configurations)
def test_rounds_end_in_what_is_wanted_and_lower_last(wanted: dict[str, Any], live: dict[str, Any]) -> None:
    made, changes = live, rounds(patch(wanted, live), live)
    for number, change in enumerate(changes):
        assert lowers(change, made) <= (number == len(changes) - 1)
        made = patched(made, change)
    assert patch(wanted, made) == {}


def test_lowering_has_a_round_of_its_own() -> None:
    live = parameters(max_connections="150", work_mem="4MB")
    change = patch(parameters(max_connections="80", work_mem="8MB"), live)
    assert rounds(change, live) == [parameters(work_mem="8MB"), parameters(max_connections="80")]
    assert [lowers(one, live) for one in rounds(change, live)] == [False, True]


def test_drift_of_the_configuration_names_both_values() -> None:
    wanted, live = {"ttl": 20, **parameters(a="1")}, {"ttl": 30, **parameters(a="1", b="2")}
    assert configuration_drift(wanted, live) == [
        "dynamic configuration: postgresql.parameters.b is 2 instead of nothing",
        "dynamic configuration: ttl is 30 instead of 20",
    ]


def member(name: str, role: str, state: str = "streaming", *, waits: bool = False) -> dict[str, Any]:
    return {"name": name, "role": role, "state": state, "pending_restart": waits}


def view(*, waits: bool) -> list[dict[str, Any]]:
    return [
        member("pg-1", "leader", "running", waits=waits),
        member("pg-2", "quorum_standby", waits=waits),
        member("pg-3", "quorum_standby", waits=waits),
    ]


def test_restarts() -> None:
    assert restarts(view(waits=False), primary_first=False) == []
    assert restarts(view(waits=True), primary_first=False) == [
        Restart("pg-2"),
        Restart("pg-3"),
        Restart("pg-1", switchover=True),
    ]
    assert restarts(view(waits=True), primary_first=True) == [Restart("pg-1"), Restart("pg-2"), Restart("pg-3")]


def test_a_member_alone_has_nobody_to_switch_over_to() -> None:
    assert restarts(view(waits=True)[:1], primary_first=False) == [Restart("pg-1")]


def standby(role: str = "replica", state: str = "streaming") -> list[dict[str, Any]]:
    leader = member("pg-1", "standby_leader", "streaming")
    return [leader, member("pg-2", "replica"), member("pg-3", role, state)]


@pytest.mark.parametrize(
    "leader, role, live, expected",
    [
        pytest.param("pg-1", "primary", {}, "", id="leads"),
        pytest.param("pg-1", "standby_leader", {"standby_cluster": {"host": "h"}}, "", id="follows"),
        pytest.param("pg-1", "standby_leader", {}, "pg-1 is standby_leader", id="to be promoted"),
        pytest.param("pg-1", "primary", {"standby_cluster": {}}, "pg-1 is primary", id="to be demoted"),
        pytest.param("pg-1", None, {}, "pg-1 is silent", id="does not answer"),
        pytest.param(None, None, {}, "there is no leader", id="nobody"),
    ],
)
def test_whether_a_cluster_has_turned(
    leader: str | None, role: str | None, live: dict[str, Any], expected: str
) -> None:
    assert turning(leader, role, live) == expected


@pytest.mark.parametrize(
    "members, durability, expected",
    [
        pytest.param(view(waits=False), "zero-loss", "", id="whole"),
        pytest.param(view(waits=False)[:2], "zero-loss", "pg-3 is absent", id="one absent"),
        pytest.param(
            view(waits=False)[1:], "zero-loss", "pg-1 is absent, there is no leader", id="the leader is absent"
        ),
        pytest.param(
            [*view(waits=False)[:2], member("pg-3", "replica")],
            "zero-loss",
            "pg-3 is replica, streaming",
            id="not synchronous yet",
        ),
        pytest.param([*view(waits=False)[:2], member("pg-3", "replica")], "asynchronous", "", id="need not be"),
        pytest.param(
            [*view(waits=False)[:2], member("pg-3", "replica", "starting")],
            "asynchronous",
            "pg-3 is replica, starting",
            id="starting",
        ),
        pytest.param(standby(), "zero-loss", "", id="a standby cluster, where no commit waits for anybody"),
        pytest.param(standby("replica", "starting"), "zero-loss", "pg-3 is replica, starting", id="its replica starts"),
    ],
)
def test_missing(members: list[dict[str, Any]], durability: str, expected: str) -> None:
    assert missing(members, ["pg-1", "pg-2", "pg-3"], durability) == expected


def test_differences_name_the_path() -> None:
    wanted = {"log": {"level": "INFO"}, "tags": {"nosync": False}}
    found = {"log": {"level": "DEBUG"}, "tags": {"nosync": False}, "more": 1}
    assert list(differences(wanted, found)) == ["log.level: DEBUG instead of INFO", "more: 1 instead of nothing"]
