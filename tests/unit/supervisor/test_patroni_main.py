"""What the supervisor's way of starting Patroni adds to it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from components.supervisor import patroni_main
from components.supervisor.patroni_main import FENCED, fence

TAGS = {"nofailover": False, "nosync": False, "own": 1}


@pytest.mark.parametrize(
    "name, fenced, tags",
    [
        pytest.param("pg-1", ["pg-1"], {**TAGS, **FENCED}, id="fenced"),
        pytest.param("pg-0", ["pg-1"], TAGS, id="another member"),
        pytest.param("pg-1", None, TAGS, id="nobody is"),
    ],
)
def test_a_fenced_member_gets_its_tags(name: str, fenced: list[str] | None, tags: dict[str, Any]) -> None:
    class Config:
        """Patroni's, as far as it is asked."""

        def _load_config_file(self) -> dict[str, Any]:
            return {"name": name, "tags": dict(TAGS)} | ({"fenced": fenced} if fenced else {})

    fence(Config)
    assert Config()._load_config_file()["tags"] == tags


class Resolver:
    """Keeps an address for 10 minutes, as Patroni's does; `answers` are those of the name server, in turns."""

    def __init__(self, *answers: list[str]) -> None:
        self._cache: dict[tuple[str, int], tuple[float, list[str]]] = {}
        self._answers = list(answers)

    def resolve(self, host: str, port: int) -> list[str]:
        at, found = self._cache.get((host, port), (0.0, []))
        if time.time() - at > 600:
            found = self._do_resolve(host, port)
            self._cache[host, port] = (time.time(), found)
        return found

    def _do_resolve(self, host: str, port: int) -> list[str]:
        return self._answers.pop(0)


def names(*answers: list[str]) -> Any:
    """A resolver of a class of its own that asks again, and has asked once."""
    kind = type("Asking", (Resolver,), {})
    patroni_main.ask_again(kind)
    made = kind(*answers)
    made.resolve("pg-0.pg", 8008)
    return made


def test_a_pod_s_new_address_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patroni_main, "FRESH_S", -1.0)
    assert names(["10.0.0.1"], ["10.0.0.2"]).resolve("pg-0.pg", 8008) == ["10.0.0.2"]


def test_a_fresh_address_is_not_asked_for() -> None:
    assert names(["10.0.0.1"]).resolve("pg-0.pg", 8008) == ["10.0.0.1"]


def test_an_address_is_kept_while_no_name_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patroni_main, "FRESH_S", -1.0)
    assert names(["10.0.0.1"], []).resolve("pg-0.pg", 8008) == ["10.0.0.1"]


def test_a_slow_name_server_stalls_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patroni_main, "FRESH_S", -1.0)
    monkeypatch.setattr(patroni_main, "PATIENCE_S", 0.01)
    made, answer = names(["10.0.0.1"]), threading.Event()
    made._do_resolve = lambda host, port: answer.wait(10) and ["10.0.0.2"]

    assert made.resolve("pg-0.pg", 8008) == ["10.0.0.1"]
    answer.set()


@pytest.mark.parametrize(
    "body, words",
    [
        pytest.param(
            b'{"message": "pods is forbidden"}', "RefusedError(403 Forbidden: pods is forbidden)", id="its words"
        ),
        pytest.param(b"<html>", "RefusedError(403 Forbidden: <html>)", id="a proxy's"),
        pytest.param(None, "RefusedError(403 Forbidden: )", id="none"),
    ],
)
def test_a_refusal_of_the_api_is_told_in_its_own_words(body: bytes | None, words: str) -> None:
    class RefusedError(Exception):
        """Patroni's, as far as it is shown."""

        status, reason = 403, "Forbidden"

    patroni_main.explain(RefusedError)
    refusal: Any = RefusedError()
    refusal.body = body
    assert repr(refusal) == words


def test_a_resolver_of_another_kind_is_left_alone() -> None:
    patroni_main.ask_again(object)
