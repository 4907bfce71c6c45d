"""Saved plans as the driver reads them; what is no plan of this stack is refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.access import agreed
from tools.driver import plans
from tools.driver.refusal import Refusal

LOCAL: Any = SimpleNamespace(stack="local")


def test_no_file_is_no_plan() -> None:
    assert plans.agreed_on("", LOCAL) == {}
    with plans.saving("", LOCAL) as environment:
        assert environment == {}


@pytest.mark.parametrize(
    "text, told",
    [
        pytest.param(None, "No such file", id="not there"),
        pytest.param("{", "is no plan", id="no JSON"),
        pytest.param("[]", "is no plan", id="something else"),
        pytest.param('{"version": 2, "plans": {}}', "is no plan", id="another version"),
        pytest.param('{"version": 1, "stack": "dev", "plans": {}}', "a plan of stack dev, this is local", id="stack"),
    ],
)
def test_what_is_no_plan_of_this_stack(tmp_path: Path, text: str | None, told: str) -> None:
    file = tmp_path / "plan.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(Refusal, match=told):
        plans.agreed_on(str(file), LOCAL)


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    with plans.saving(str(file), LOCAL) as environment:
        assert Path(environment[agreed.SAVE_IN]).is_dir()
    assert plans.agreed_on(str(file), LOCAL) == {agreed.PLAN: str(file)}


def test_a_preview_that_fails_saves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    with pytest.raises(Refusal), plans.saving(str(file), LOCAL):
        raise Refusal("no")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Refusal, match="is not there"), plans.saving(str(tmp_path / "no/plan.json"), LOCAL):
        pass
