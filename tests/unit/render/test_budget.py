"""The pools' arithmetic: told when they can ask for more than there is, with the sum; else nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.access.admissions import pooled
from components.access.spec.load import load as load_spec
from components.render.budget import PooledLogin, over_budget
from components.settings.load import load

ROOT = Path(__file__).resolve().parents[3]


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


def test_each_gateway_in_pods_has_pools_of_its_own() -> None:
    given: dict[str, Any] = {"platform": "kubernetes", "kubernetes": {"gateways": {"replicas": 3}}}
    message = over_budget(load(given, default_major=17), [PooledLogin(name="a", databases=2)])
    assert message is not None
    assert "2 pairs of login and database x (20 default_pool_size + 5 reserve_pool_size) in each of 3" in message
    assert "gateways = 150; the server has 97" in message


@pytest.mark.parametrize("stack", ["local", "local17", "dev"])
def test_stacks_as_they_come_have_room_for_all_their_logins(stack: str) -> None:
    lines = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    settings = load({name.partition(":")[2]: value for name, value in lines.items()}, default_major=17)
    logins = [*pooled(load_spec(ROOT / path, name=path).spec for path in settings.access)]
    assert len(logins) > 5
    assert over_budget(settings, logins) is None
