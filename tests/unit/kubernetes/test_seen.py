"""Two resources that look at once ask once; what somebody changed is asked for anew."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from components.contract import Route
from components.kubernetes import seen
from components.reach import RouteError

ROUTE = Route(kind="port-forward", namespace="postgres-main")


class Asked:
    """An API server that counts questions, and answers once it may."""

    def __init__(self) -> None:
        self.times, self.may = 0, threading.Event()

    def ask(self, _route: Route, *_words: str, what: str) -> str:
        self.times += 1
        assert self.may.wait(10), what
        return json.dumps({"items": [{"kind": "Pod", "number": self.times}]})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    api = Asked()
    monkeypatch.setattr(seen, "ask", api.ask)
    seen.forget()
    yield api
    seen.forget()


def test_who_asks_meanwhile_waits_for_the_same_answer(asked: Asked) -> None:
    with ThreadPoolExecutor(2) as both:
        answers = [both.submit(seen.objects, ROUTE) for _ in range(2)]
        asked.may.set()
        assert [one.result() for one in answers] == [[{"kind": "Pod", "number": 1}]] * 2


def test_it_is_asked_anew_once_something_changed_or_time_has_passed(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def number() -> Any:
        return seen.objects(ROUTE)[0]["number"]

    asked.may.set()
    assert [number(), number()] == [1, 1]
    seen.forget()
    assert number() == 2
    monkeypatch.setattr(seen, "KEPT_S", -1.0)
    assert number() == 3


def test_a_question_that_failed_is_not_kept(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_words: Any, what: str) -> str:
        raise RouteError(what)

    asked.may.set()
    with monkeypatch.context() as silent:
        silent.setattr(seen, "ask", refuse)
        with pytest.raises(RouteError, match="cannot be listed"):
            seen.objects(ROUTE)
    assert seen.objects(ROUTE)[0]["number"] == 1
