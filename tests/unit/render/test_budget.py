"""The pools' arithmetic: told when they can ask for more than there is, with the sum; else nothing."""

from __future__ import annotations

import pytest

from components.render.budget import PooledLogin, over_budget
from components.settings.load import load


def told(*logins: PooledLogin, connections: int = 100, **pooler: int) -> str | None:
    given = {"platform": "embedded", "parameters": {"max_connections": connections}, "pooler": pooler}
    return over_budget(load(given, default_major=15), logins)


@pytest.mark.parametrize(
    "logins",
    [
        pytest.param((), id="nobody"),
        pytest.param((PooledLogin(name="a", databases=3),), id="75 of 97"),
        pytest.param(
            tuple(PooledLogin(name=f"l{n}", databases=9, limit=8) for n in range(12)), id="kept by limits: 96"
        ),
    ],
)
def test_enough_is_silent(logins: tuple[PooledLogin, ...]) -> None:
    assert told(*logins) is None


def test_too_much_is_told_with_the_sum() -> None:
    message = told(PooledLogin(name="a", databases=2), PooledLogin(name="b", databases=2))
    assert message is not None
    assert (
        "4 pairs of login and database x (20 default_pool_size + 5 reserve_pool_size) = 100; the server has 97 "
        "(100 max_connections - 3 superuser_reserved_connections)"
    ) in message


def test_limits_are_in_the_sum() -> None:
    message = told(PooledLogin(name="a", databases=4, limit=60), PooledLogin(name="b", databases=2))
    assert message is not None
    assert "= 150, which their connection_limit keep to 110; the server has 97" in message


def test_each_way_out_helps() -> None:
    logins = (PooledLogin(name="a", databases=2), PooledLogin(name="b", databases=2))
    assert told(*logins, connections=103) is None
    assert told(*logins, default_pool_size=19) is None
    assert told(PooledLogin(name="a", databases=2, limit=40), logins[1]) is None
