"""What an administrator who is no superuser is told before anything is touched."""

from __future__ import annotations

import dataclasses

import pytest

from components.access import roles
from components.access.model import UNREADABLE, Access, Available, Facts, Grant, Object, Server
from components.access.plan import plan_cluster, plan_database
from components.access.powers import Powers
from components.access.spec import loads
from tests.unit.access.test_plan_roles import ROLES, VERIFIER, role

SPEC = """
version: 1
roles: { x_owner: {}, x_app: { login: true, password: secret:app, connection_limit: 5, settings: { work_mem: 8MB } } }
databases: { shop: { owner: x_owner, schemas: { app: { access: { x_app: { tables: [select] } } } } } }
"""
MASTER = Powers(createrole=True, createdb=True, uses=frozenset({"master"}), becomes=frozenset({"master"}))
JOINED = dataclasses.replace(MASTER, uses=frozenset({"x_owner"}), becomes=frozenset({"x_owner"}))


def plan_of(
    powers: Powers, version: int = 150000, text: str = SPEC, sent: dict[str, str] | None = None, **of_app: object
) -> tuple[list[str], tuple[str, ...]]:
    server = Server(version=version, me="master", powers=powers)
    actual = role("x_app", **{"password": UNREADABLE, **of_app})
    actual = dataclasses.replace(actual, memberships=frozenset())
    want = roles.wanted(loads(text, "a.yaml").spec, actual, server, {"x_app": VERIFIER}, frozenset(), sent)
    plan = plan_cluster(want, actual, server)
    return [statement.display() for statement in plan.statements], plan.problems


def test_an_administrator_joins_the_owners_once() -> None:
    assert plan_of(MASTER) == (['GRANT "x_owner" TO "master"'], ())
    assert plan_of(JOINED) == ([], ())
    statements, problems = plan_of(MASTER, 160000)
    assert statements == ['GRANT "x_owner" TO "master" WITH INHERIT TRUE, SET TRUE, ADMIN FALSE']
    assert problems == ()


def test_before_16_createrole_is_power_over_all_but_superusers() -> None:
    assert plan_of(JOINED, login=False) == (['ALTER ROLE "x_app" LOGIN'], ())
    over = dataclasses.replace(JOINED, superusers=frozenset({"x_app"}))
    assert "needs ADMIN OPTION on role x_app" in plan_of(over, login=False)[1][0]
    assert "needs ADMIN OPTION on role x_app" in plan_of(JOINED, 160000, login=False)[1][0]
    admin = dataclasses.replace(JOINED, administers=frozenset({"x_app"}))
    assert plan_of(admin, 160000, login=False)[1] == ()


@pytest.mark.parametrize("word", ["superuser", "replication", "bypassrls"])
def test_what_it_has_not_it_cannot_give(word: str) -> None:
    text = SPEC.replace("login: true,", f"login: true, dangerous: {{ {word}: for this test }},")
    assert f"may not give {word.upper()}" in plan_of(JOINED, text=text)[1][0]
    giving = JOINED if word == "superuser" else dataclasses.replace(JOINED, **{word: True})  # type: ignore[arg-type]
    giving = dataclasses.replace(giving, administers=frozenset({"x_app"}))
    assert bool(plan_of(giving, 160000, text=text)[1]) is (word == "superuser")


def test_unreadable_passwords_are_compared_with_what_was_sent() -> None:
    assert plan_of(JOINED, sent={"x_app": roles.digest(VERIFIER)})[0] == []
    assert plan_of(JOINED, sent={"x_app": "other"})[0] == ["ALTER ROLE \"x_app\" PASSWORD '<hidden>'"]
    assert plan_of(JOINED, sent={})[0] == ["ALTER ROLE \"x_app\" PASSWORD '<hidden>'"]
    assert plan_of(JOINED, sent=None)[0] == []
    assert ROLES.roles["x_app"].password != UNREADABLE


def test_objects_of_strangers_are_blockers() -> None:
    from components.access.desired import desired

    table = Object("table", "app", "t")
    for owner, blocked in (("x_owner", False), ("stranger", True)):
        actual = Access(database="shop", acls={table: frozenset[Grant]()}, owners={table: owner})
        facts = Facts(server=Server(me="master", powers=MASTER, available={}))
        plan = plan_database(desired(loads(SPEC, "a.yaml").spec, "shop", actual, facts), actual, facts)
        assert bool([one for one in plan.problems if "needs the rights of role stranger" in one]) is blocked


def test_an_extension_that_only_a_superuser_may_create() -> None:
    from components.access.desired import desired

    text = SPEC.replace("owner: x_owner,", 'owner: x_owner, extensions: { pageinspect: "*" },')
    offered = {"pageinspect": Available(default="1", versions={"1": None}, untrusted=True)}
    for powers, blocked in ((None, False), (MASTER, True)):
        facts = Facts(server=Server(me="master", powers=powers, available=offered))
        wanted = desired(loads(text, "a.yaml").spec, "shop", Access(database="shop"), facts)
        assert any("only a superuser may create it" in problem for problem in wanted.problems) is blocked
