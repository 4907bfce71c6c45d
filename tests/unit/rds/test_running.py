"""What the next preview says of a change, and what it refuses, from what the last run left in the state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.access.failures import AccessError
from components.rds import arguments_running
from components.rds.promotion import PromotionProvider
from components.rds.running import RunningProvider
from tests.unit.settings.rds.stacks import settings


def inputs(
    rds: dict[str, Any] | None = None, version: str = "17.6", storage: float = 100.0, **others: Any
) -> dict[str, Any]:
    """As they come back from a state: numbers as floats."""
    spec = arguments_running.text(arguments_running.spec(settings(rds, **others), frozenset()))
    return {"spec": spec, "version": version, "storage": storage}


def made(rds: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    return dict(RunningProvider().create(inputs(rds, **others)).outs or {})


def test_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert RunningProvider().diff("running", made(), inputs()).changes is False
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "rds, others, line",
    [
        pytest.param(
            {"instance_class": "db.r7g.xlarge"}, {},
            "rds: rds.instance_class: db.r7g.large -> db.r7g.xlarge: in the maintenance window; 60 to 120 s away",
            id="class",
        ),
        pytest.param(
            {}, {"parameters": {"max_connections": 300}},
            "waits for a reboot, which nobody but you starts", id="static parameter",
        ),
        pytest.param({}, {"parameters": {"work_mem": "64MB"}}, "at once, nobody is cut off", id="dynamic parameter"),
        pytest.param({}, {"replicas": 3}, "the replica is made from a snapshot", id="replica added"),
        pytest.param({}, {"replicas": 1}, "the replica is deleted, its readers are cut off", id="replica removed"),
        pytest.param(
            {"windows": {"maintenance": "sat:04:30-sat:05:30"}}, {}, "at once, nobody is cut off", id="window"
        ),
    ],
)  # fmt: skip
def test_a_change_is_told_with_what_it_does(
    rds: dict[str, Any], others: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert RunningProvider().diff("running", made(), inputs(rds, **others)).changes is True
    assert line in capsys.readouterr().out


@pytest.mark.parametrize(
    "rds, others, message",
    [
        pytest.param(
            {"username": "somebody"}, {}, "rds.username: found 'somebody'; it is 'platform_admin' now", id="user"
        ),
        pytest.param({"storage": {"size": 50}}, {}, "rds.storage.size: found 50", id="smaller storage"),
        pytest.param({}, {"major": 18}, "major: found 18; 17.6 runs; an upgrade has to be said", id="silent upgrade"),
        pytest.param({}, {"major": 16}, "major: found 16; 17.6 runs, and RDS never goes back", id="downgrade"),
    ],
)
def test_what_would_cost_the_data_stops_the_preview(rds: dict[str, Any], others: dict[str, Any], message: str) -> None:
    with pytest.raises(AccessError) as caught:
        RunningProvider().diff("running", made(), inputs(rds, **others))
    assert message in str(caught.value)
    assert "nothing was changed" in str(caught.value)


def test_an_upgrade_that_is_done_is_told_of_although_nothing_differs() -> None:
    done = inputs({"upgrade": {"from": 16, "to": 17}})
    with pytest.raises(AccessError, match=r"found 16, but 17\.6 runs; it is done, remove the block"):
        RunningProvider().diff("running", done, done)


def test_an_unchanged_stack_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments_running, "findings", lambda *_: pytest.fail("judged"))
    assert RunningProvider().diff("running", made(), inputs()).changes is False


def test_a_replaced_database_can_be_allowed_by_name() -> None:
    wanted = inputs({"username": "somebody"}, allow=["replace-database"])
    assert RunningProvider().diff("running", made(), wanted).changes is True


def test_a_promoted_replica_does_not_follow_again() -> None:
    before = made({"replicas": [{"name": "a", "promote": True}]})
    with pytest.raises(AccessError, match="was promoted and does not follow again"):
        RunningProvider().diff("running", before, inputs({"replicas": [{"name": "a"}]}))


def test_storage_that_grew_by_itself_is_no_difference(capsys: pytest.CaptureFixture[str]) -> None:
    grown = {**made(), "storage": 150.0}
    assert RunningProvider().diff("running", grown, inputs(storage=150)).changes is False
    assert capsys.readouterr().out == ""


def test_what_waits_stays_told_until_the_next_change() -> None:
    provider = RunningProvider()
    first = provider.update("running", made(), inputs(parameters={"max_connections": 300})).outs or {}
    (line,) = first["waiting"]
    assert "max_connections" in line and "waits for a reboot" in line
    newer = inputs(version="17.7", parameters={"max_connections": 300})
    assert (provider.update("running", first, newer).outs or {})["waiting"] == [line]
    back = provider.update("running", first, inputs(parameters={"max_connections": 300, "work_mem": "64MB"})).outs or {}
    assert back["waiting"] == []


def test_nothing_secret_is_remembered() -> None:
    wanted = settings(secrets={"app": "canary-0123456789abc"}, access=[])
    text = arguments_running.text(arguments_running.spec(wanted, frozenset()))
    assert "canary" not in text
    assert "secrets" not in json.loads(text)["settings"]


def test_backups_of_a_promoted_replica_begin_in_the_next_run() -> None:
    provider, asked = PromotionProvider(), {"replica": "a", "wanted": 14.0, "retention": None}
    first = dict(provider.create(asked).outs or {})
    assert first["retention"] == 0
    assert provider.diff("a", first, asked).changes is True
    second = dict(provider.update("a", first, asked).outs or {})
    assert second["retention"] == 14
    assert provider.diff("a", second, asked).changes is False
