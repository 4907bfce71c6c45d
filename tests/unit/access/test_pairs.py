"""One role with two logins: which works, which is handed out, and when a password is made anew."""

from __future__ import annotations

import pytest

from components.access.spec import SpecError, loads
from components.access.spec.models import Spec
from components.access.urls import urls
from components.contract import Credentials, Endpoint, Server

SPEC = """
version: 1
scope: { roles: "^x_" }
roles:
  x_owner: {}
  x_app:
    login: true
    password: { secret: app, rotate: ab, generation: 0 }
    connection_limit: 7
    settings: { work_mem: 8MB }
    member_of: [x_owner]
databases: { shop: { owner: x_owner, connect: [x_app] } }
"""
HERE = Endpoint(host="localhost", port=1)
SERVER = Server(
    writer=HERE, reader=HERE, pooled=HERE, pooled_reader=HERE, admin=Credentials(user="postgres"), ca="ca", major=15
)


def spec(generation: int, previous: str = "works") -> Spec:
    return loads(SPEC.replace("generation: 0", f"generation: {generation}, previous: {previous}"), "a.yaml").spec


# Generation and what becomes of the one before -> password number of each login that works, and who is handed out.
CASES = [
    (0, "works", {"a": 0}, "a"),
    (1, "works", {"a": 0, "b": 1}, "b"),
    (1, "locked", {"b": 1}, "b"),
    (2, "works", {"a": 2, "b": 1}, "a"),
    (2, "locked", {"a": 2}, "a"),
    (3, "works", {"a": 2, "b": 3}, "b"),
]


@pytest.mark.parametrize("generation, previous, numbers, handed_out", CASES)
def test_two_logins_take_turns(generation: int, previous: str, numbers: dict[str, int], handed_out: str) -> None:
    found = spec(generation, previous)
    everyone = found.every_role
    logins = {name: role for name, role in everyone.items() if role.login}
    assert {name: role.password.number for name, role in logins.items() if role.password} == {
        f"x_app_{letter}": number for letter, number in numbers.items()
    }
    assert {role.password.secret for role in logins.values() if role.password} == {f"app_{one}" for one in numbers}
    passwords = dict.fromkeys(logins, "secret")
    assert [one["role"] for one in urls(found, SERVER, passwords)] == [f"x_app_{handed_out}"]


def test_rights_stay_with_the_group_and_settings_with_the_logins() -> None:
    everyone = spec(1).every_role
    group, login = everyone["x_app"], everyone["x_app_a"]
    assert (group.login, group.password, group.connection_limit, group.settings) == (False, None, -1, {})
    assert list(group.member_of) == ["x_owner"]
    assert (login.connection_limit, login.settings, list(login.member_of)) == (7, {"work_mem": "8MB"}, ["x_app"])


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("x_owner: {}", "x_owner: {}\n  x_app_b: {}", "makes a login x_app_b (rotate: ab), which is declared as well"),
        ("x_app", "x_" + "p" * 60, "of more than 63 bytes"),
        ('"^x_"', '"^x_(app|owner)$"', "which is outside the scope"),
        ("generation: 0", "generation: -1", "generation: found -1"),
    ],
)
def test_names_that_cannot_be(old: str, new: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(SPEC.replace(old, new), "a.yaml")
    assert told in str(caught.value)
