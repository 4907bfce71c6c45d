from __future__ import annotations

import pytest

from components.supervisor import addresses
from components.supervisor.addresses import Addresses
from components.supervisor.configuration import Address
from components.supervisor.routing import address_commands

MEMBERS = {name: Address(host=f"{name}.pg", port=5432, rest_port=8008) for name in ("pg-0", "pg-1")}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the resolver would say; the test changes it."""
    told = {"pg-0.pg": "10.0.0.1", "pg-1.pg": "10.0.0.2"}
    monkeypatch.setattr(addresses, "_resolved", lambda host: told.get(host))
    return told


def made() -> Addresses:
    return Addresses(MEMBERS, 1.0, lambda: None)


def test_only_a_new_address_is_news(names: dict[str, str]) -> None:
    known = made()
    assert known.look()
    assert not known.look()
    names["pg-0.pg"] = "10.0.0.9"
    assert known.look()


def test_a_name_that_does_not_resolve_keeps_its_last_address(names: dict[str, str]) -> None:
    known = made()
    known.look()
    names.clear()
    assert not known.look()
    assert known.current() == {"pg-0": "10.0.0.1", "pg-1": "10.0.0.2"}


def test_what_a_member_had_before_is_stale_too(names: dict[str, str]) -> None:
    known = made()
    known.look()
    names["pg-0.pg"] = "10.0.0.9"
    known.look()
    assert known.stale("pg-1") == {("10.0.0.1", 5432), ("10.0.0.9", 5432)}
    assert known.stale("pg-0") == {("10.0.0.1", 5432), ("10.0.0.2", 5432)}


def test_an_address_that_the_leader_took_over_is_not_stale(names: dict[str, str]) -> None:
    known = made()
    known.look()
    names |= {"pg-0.pg": "10.0.0.9", "pg-1.pg": "10.0.0.1"}
    known.look()
    assert known.stale("pg-1") == {("10.0.0.9", 5432), ("10.0.0.2", 5432)}


def test_haproxy_is_told_only_what_is_known() -> None:
    assert address_commands(("writer", "reader"), MEMBERS, {"pg-1": "10.0.0.2"}) == [
        "set server writer/pg-1 addr 10.0.0.2 port 5432",
        "set server reader/pg-1 addr 10.0.0.2 port 5432",
    ]
