"""What a running database may not become."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.catalogue import rds as offers
from components.settings.rds.rules.changes import Running, change_findings, running_values
from tests.unit.settings.rds.stacks import settings


def told(running: dict[str, Any], rds: dict[str, Any] | None = None, **others: Any) -> dict[str, str]:
    """Message by path for a stack's change."""
    known = {"version": "17.6", "instance_class": "db.r7g.large"} | running
    found = change_findings(settings(rds, **others), Running(**known))
    return {".".join(path): message for path, message in found}


@pytest.mark.parametrize(
    "running, rds, others, path, message",
    [
        pytest.param(
            {"version": "16.9"},
            {},
            {},
            "major",
            "found 17; 16.9 runs; an upgrade has to be said: add rds.upgrade: {from: 16, to: 17}",
            id="major changed by the way",
        ),
        pytest.param(
            {"version": "18.1"}, {}, {}, "major", "found 17; 18.1 runs, and RDS never goes back; set 18", id="downgrade"
        ),
        pytest.param(
            {"version": "15.13"},
            {"upgrade": {"from": 16, "to": 17}},
            {},
            "rds.upgrade.from",
            "found 16, but 15.13 runs",
            id="upgrade from elsewhere",
        ),
        pytest.param(
            {"version": "17.6"},
            {"upgrade": {"from": 16, "to": 17}},
            {},
            "rds.upgrade.from",
            "found 16, but 17.6 runs; it is done, remove the block",
            id="upgrade that is done",
        ),
        pytest.param(
            {"version": "17.9"},
            {"engine_version": "17.6", "auto_minor_upgrade": False},
            {},
            "rds.engine_version",
            "found 17.6; 17.9 runs, and RDS never goes back; take 17.9 or newer",
            id="minor downgrade",
        ),
        pytest.param(
            {"version": "14.24", "instance_class": "db.r6g.large"},
            {"upgrade": {"from": 14, "to": 17}, "engine_version": "17.6", "auto_minor_upgrade": False},
            {},
            "rds.engine_version",
            "found 17.6, which is older than 14.24 that runs; take 17.11 or newer",
            id="target older than what runs",
        ),
        pytest.param(
            {"storage": 300},
            {},
            {},
            "rds.storage.size",
            "found 100 GiB; it is 300 now and storage never shrinks; keep 300, or move the data to a new database",
            id="shrink",
        ),
        pytest.param(
            {"storage": 100},
            {"storage": {"size": 105}},
            {},
            "rds.storage.size",
            "found 105 GiB; it is 100 now and grows by 10 % or more at a time; take 110 or more",
            id="small step",
        ),
        pytest.param(
            {"once": {"username": "old_admin"}},
            {},
            {},
            "rds.username",
            "found 'platform_admin'; it is 'old_admin' now, and AWS changes it only by making a new, empty"
            " database; set it"
            " back, or restore into a second stack; or add replace-database to allow",
            id="write-once",
        ),
        pytest.param(
            {"once": {"encryption.key": "aws"}},
            {},
            {},
            "rds.encryption.key",
            "found 'own'; it is 'aws' now, and AWS changes it only by making a new, empty database; set it back,"
            " or restore"
            " into a second stack; or add replace-database to allow",
            id="key",
        ),
        pytest.param(
            {"promoted": frozenset({"a"})},
            {"replicas": [{"name": "a"}]},
            {},
            "rds.replicas.0.promote",
            "found false, but 'a' was promoted and does not follow again; set true, or give the replica a new name",
            id="promoted for ever",
        ),
    ],
)
def test_what_a_database_cannot_become_is_told(
    running: dict[str, Any], rds: dict[str, Any], others: dict[str, Any], path: str, message: str
) -> None:
    assert told(running, rds, **others) == {path: message}


@pytest.mark.parametrize(
    "running, rds, others",
    [
        pytest.param({}, {}, {}, id="nothing changed"),
        pytest.param({"version": "16.9"}, {"upgrade": {"from": 16, "to": 17}}, {}, id="an upgrade that is said"),
        pytest.param({"storage": 150}, {}, {}, id="grown by itself below the ceiling"),
        pytest.param({"storage": 100}, {"storage": {"size": 110}}, {}, id="a good step"),
        pytest.param({"once": {"username": "x"}}, {}, {"allow": ["replace-database"]}, id="replaced on purpose"),
        pytest.param({"instance_class": "db.r6g.large"}, {}, {}, id="class alone"),
    ],
)
def test_what_it_can_become_passes(running: dict[str, Any], rds: dict[str, Any], others: dict[str, Any]) -> None:
    assert told(running, rds, **others) == {}


def test_a_stack_compares_with_itself_as_nothing_changed() -> None:
    assert told({"once": running_values(settings())}) == {}


def test_class_and_major_change_together_only_where_the_old_version_has_the_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = settings({"upgrade": {"from": 14, "to": 17}, "instance_class": "db.r8g.large"})
    running = Running(version="14.24", instance_class="db.r6g.large")
    assert change_findings(new, running) == []
    monkeypatch.setattr(offers, "for_version", lambda _topology, _version: frozenset({"db.r6g.large"}))
    [found] = change_findings(new, running)
    assert found == (
        ("rds", "instance_class"),
        "found db.r8g.large, which 14.24 that runs does not have; upgrade with db.r6g.large first, then change the"
        " class",
    )


@given(st.integers(20, 399), st.integers(20, 399), st.booleans())
def test_storage_never_shrinks_unless_it_grew_by_itself(now: int, asked: int, autoscaling: bool) -> None:
    found = told({"storage": now}, {"storage": {"size": asked, "max": None if autoscaling else 0}})
    by_itself = autoscaling and asked < now <= 2 * asked
    good = asked == now or asked * 10 >= now * 11 or by_itself
    assert ("rds.storage.size" in found) != good
