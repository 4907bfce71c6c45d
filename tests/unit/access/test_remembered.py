"""A plan made at the refresh serves the comparison of the same run, and nothing after something was applied."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from components.access.remembered import KEPT_S, Remembered, key

PLAN: Any = SimpleNamespace(reachable=True)
SILENT: Any = SimpleNamespace(reachable=False)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_plan_is_kept_for_whoever_asks_for_the_same() -> None:
    plans = Remembered()
    plans.keep("a", PLAN)
    assert plans.take("b") is None
    assert plans.take("a") is PLAN
    assert plans.take("a") is PLAN


def test_what_is_applied_makes_all_plans_old() -> None:
    plans = Remembered()
    plans.keep("a", PLAN)
    plans.forget()
    assert plans.take("a") is None


def test_a_plan_grows_old() -> None:
    clock = Clock()
    plans = Remembered(clock)
    plans.keep("a", PLAN)
    clock.now = KEPT_S
    assert plans.take("a") is None


def test_silence_is_not_kept() -> None:
    plans = Remembered()
    plans.keep("a", SILENT)
    assert plans.take("a") is None


@pytest.mark.parametrize(
    "other, same",
    [
        pytest.param({"spec": "s", "passwords": {"a": "1"}}, True, id="the same"),
        pytest.param({"spec": "s", "passwords": {"a": "1"}, "drift": ["x"], "sent": None}, True, id="outputs"),
        pytest.param({"spec": "t", "passwords": {"a": "1"}}, False, id="another spec"),
        pytest.param({"spec": "s", "passwords": {"a": "2"}}, False, id="another password"),
    ],
)
def test_key(other: dict[str, Any], same: bool) -> None:
    first = key("Roles", {"spec": "s", "passwords": {"a": "1"}}, lambda value: value)
    assert (key("Roles", other, lambda value: value) == first) is same
    assert key("DatabaseAccess", other, lambda value: value) != first
