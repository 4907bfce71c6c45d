"""Who leads, from what the members answer."""

from __future__ import annotations

import json

import pytest

from components.supervisor.asked import is_certain, view
from components.supervisor.primary import Said, said
from components.supervisor.routing import View

PRIMARY, REPLICA, LATER = Said(True, 1), Said(False, 1), Said(True, 2)


@pytest.mark.parametrize(
    "answers, before, expected",
    [
        pytest.param({}, None, View(), id="nobody was asked yet"),
        pytest.param({"a": PRIMARY, "b": REPLICA}, None, View("a"), id="the one that says so"),
        pytest.param({"a": None, "b": REPLICA}, "a", View("a"), id="silence is no news"),
        pytest.param({"a": REPLICA, "b": REPLICA}, "a", View(), id="it says otherwise"),
        pytest.param({"a": None, "b": PRIMARY}, "a", View("b"), id="another one is the primary"),
        pytest.param({"a": PRIMARY, "b": LATER}, "a", View("b"), id="two: the later timeline"),
        pytest.param({"a": PRIMARY, "b": PRIMARY}, "a", View("a"), id="two of one timeline: as before"),
        pytest.param({"b": REPLICA}, "a", View(), id="it is no member any more"),
        pytest.param({"a": None, "b": None}, None, View(), id="all are silent from the start"),
        pytest.param({"a": Said(True, 1, "a"), "b": REPLICA}, "a", View("a", True), id="asked to hand over"),
        pytest.param({"a": PRIMARY, "b": Said(False, 1, "a")}, "a", View("a", True), id="another member was asked"),
        pytest.param({"a": Said(False, 2, "a"), "b": LATER}, "a", View("b"), id="done already"),
    ],
)
def test_view(answers: dict[str, Said | None], before: str | None, expected: View) -> None:
    assert view(answers, before) == expected


def test_only_the_leader_s_own_word_is_certain() -> None:
    assert is_certain({"a": PRIMARY}, "a")
    assert not is_certain({"a": None, "b": REPLICA}, "a")
    assert not is_certain({"a": REPLICA}, None)


@pytest.mark.parametrize(
    "status, body, expected",
    [
        pytest.param(200, {"role": "primary", "timeline": 3}, Said(True, 3), id="primary"),
        pytest.param(200, {"role": "replica", "timeline": 3}, Said(False, 3), id="has the lock, promotes still"),
        pytest.param(503, {"role": "primary", "timeline": 3}, Said(False, 3), id="has lost the lock"),
        pytest.param(503, {"role": "replica"}, Said(False), id="replica"),
        pytest.param(200, {"role": "primary", "timeline": 3, "handing_over": "a"}, Said(True, 3, "a"), id="told"),
    ],
)
def test_said(status: int, body: dict[str, object], expected: Said) -> None:
    assert said(status, json.dumps(body).encode()) == expected


@pytest.mark.parametrize("body", [b"", b"[]", b"not json"])
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(ValueError):
        said(200, body)
