"""A switchover is told before it begins, by a class of Patroni's that asks its store and one that answers for it."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from components.supervisor import announcing
from components.supervisor.announcing import Announcement, announce


class Store:
    """Patroni's, as far as it is asked."""

    def __init__(self, leads: str) -> None:
        self.cluster = SimpleNamespace(leader_name=leads)
        self.written: list[tuple[Any, ...]] = []
        self.writes: bool | Exception = True

    def manual_failover(self, *words: Any) -> bool:
        self.written.append(words)
        if isinstance(self.writes, Exception):
            raise self.writes
        return self.writes


class Handler:
    """Patroni's, as far as it answers."""

    def __init__(self, store: Store) -> None:
        self.server = SimpleNamespace(patroni=SimpleNamespace(dcs=store))
        self.answers: list[dict[str, Any]] = []

    def _write_status_response(self, _status: int, response: dict[str, Any]) -> None:
        self.answers.append(response)


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """A store that has pg-0 lead, and its answers."""
    monkeypatch.setattr(announcing, "HEARD_S", 0.0)
    store, handler = type("OneStore", (Store,), {}), type("OneHandler", (Handler,), {})
    announce(store, handler)
    made = store("pg-0")
    return made, handler(made)


def told(handler: Any) -> Any:
    handler._write_status_response(200, {})
    return handler.answers[-1].get("handing_over")


def test_nothing_is_told_while_nothing_is_asked(pair: tuple[Any, Any]) -> None:
    assert told(pair[1]) is None


@pytest.mark.parametrize(
    "words, expected",
    [
        pytest.param(("pg-0", None), "pg-0", id="a switchover"),
        pytest.param((None, "pg-1"), "pg-0", id="a failover to one, whoever leads"),
        pytest.param(("pg-0", None, "tomorrow"), None, id="one that is not now"),
        pytest.param(("", ""), None, id="Patroni clears what is done"),
        pytest.param(("", "pg-1", None, "17"), None, id="Patroni's own loop"),
    ],
)
def test_what_is_told(pair: tuple[Any, Any], words: tuple[Any, ...], expected: str | None) -> None:
    store, handler = pair
    assert store.manual_failover(*words)
    assert told(handler) == expected
    assert store.written == [(*words, *[None] * (4 - len(words)))]


@pytest.mark.parametrize("refusal", [False, ConnectionError("no etcd")])
def test_what_the_store_does_not_take_is_told_no_more(pair: tuple[Any, Any], refusal: bool | Exception) -> None:
    """Gateways would hold their clients for a switchover that does not come."""
    store, handler = pair
    store.writes = refusal
    with suppress(ConnectionError):
        assert not store.manual_failover("pg-0", None)
    assert told(handler) is None


def test_it_is_told_before_the_leader_is_asked(pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    store, handler = pair
    seen: list[Any] = []
    monkeypatch.setattr(announcing.time, "sleep", lambda _: seen.append((told(handler), list(store.written))))
    store.manual_failover("pg-0", "pg-1")
    assert seen == [("pg-0", [])]


def test_it_is_told_no_more_once_another_leads(pair: tuple[Any, Any]) -> None:
    store, handler = pair
    store.manual_failover("pg-0", None)
    store.cluster = SimpleNamespace(leader_name=None)
    assert told(handler) == "pg-0"
    store.cluster = SimpleNamespace(leader_name="pg-1")
    assert told(handler) is None
    store.cluster = SimpleNamespace(leader_name="pg-0")
    assert told(handler) is None


def test_a_switchover_that_never_comes_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "FORGOTTEN_S", -1.0)
    given = Announcement()
    given.begin("pg-0")
    assert given.now("pg-0") == ""
