"""Every lint both ways: silent on a state that is right, and telling of each way in which it can be wrong."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from components.access.lint import LINTS, advice, lint
from components.access.model import Access, Facts, Grant, Object, Relation, Routine, Table
from components.access.spec import loads
from tests.unit.access.test_plan import FACTS, SETTLED, SPEC, wanted

VIEW, FUNCTION = Object("view", "app", "v"), Object("routine", "app", "f", "integer")
PINNED = Routine(owner="x_owner", settings=("search_path=pg_catalog",))


def found(*, spec: str = SPEC, actual: Access = SETTLED, facts: Facts = FACTS) -> tuple[str, ...]:
    loaded = loads(spec, "a.yaml").spec
    return lint(loaded, "shop", wanted(actual, loaded, facts), actual, facts)


def facts(**parts: Any) -> Facts:
    return dataclasses.replace(FACTS, **parts)


def with_object(item: Object, *grants: Grant) -> Access:
    return dataclasses.replace(
        SETTLED,
        acls={**SETTLED.acls, item: frozenset(grants)},
        owners={**SETTLED.owners, item: "x_owner"},
    )


def relation(name: str, **parts: Any) -> dict[Table, Relation]:
    schema, _, table = name.partition(".")
    columns = {"org": "uuid"}
    return {**FACTS.relations, Table(schema, table): Relation(**{"columns": columns, "indexed": {"org"}, **parts})}


OTHER = SPEC.replace(
    "schemas:\n      app:", "schemas:\n      side: { access: { x_app: { tables: [select] } } }\n      app:"
)
EXECUTE = SPEC.replace("tables: { users", "functions: { f: { x_app: [execute] } }\n        tables: { users")
SIDE = Object("table", "side", "t")
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a tenant's role reads a table of another schema": (
        "rls-off-with-tenant-column",
        "side.t",
        {"spec": OTHER, "facts": facts(relations=relation("side.t")), "actual": with_object(SIDE)},
    ),
    "the owner has no policy": (
        "owner-blind",
        "app.users",
        {"spec": SPEC.replace("x_owner: { why", "x_read: { why")},
    ),
    "a tenant's role is a member of the owner": (
        "tenant-becomes-owner",
        "x_app",
        {"spec": SPEC.replace("x_app: { login: true,", "x_app: { login: true, member_of: [x_owner],")},
    ),
    "a tenant's role is a superuser": (
        "tenant-becomes-owner",
        "x_app",
        {"spec": SPEC.replace("x_app: { login: true,", "x_app: { login: true, dangerous: { superuser: for a test },")},
    ),
    "a login outside the spec is a member of both": (
        "tenant-becomes-owner",
        "stranger",
        {"facts": facts(members={"stranger": frozenset({"x_app", "x_owner"})})},
    ),
    "a setting is read as it is": (
        "bare-current-setting",
        "app.users",
        {"spec": SPEC.replace('"org = :org"', "\"org = current_setting('app.org')::uuid\"")},
    ),
    "a view runs as its owner": (
        "definer-view",
        "app.v",
        {"facts": facts(definer_views={VIEW: frozenset({Table("app", "users")})}), "actual": with_object(VIEW)},
    ),
    "a function runs as its owner": (
        "definer-function",
        "app.f(integer)",
        {"spec": EXECUTE, "facts": facts(routines={FUNCTION: PINNED}), "actual": with_object(FUNCTION)},
    ),
    "a function without search_path": (
        "definer-search-path",
        "app.f(integer)",
        {"facts": facts(routines={FUNCTION: Routine(owner="x_owner")}), "actual": with_object(FUNCTION)},
    ),
    "everybody reads a table": (
        "grant-to-public",
        "app.orders",
        {"spec": SPEC.replace("tables: { users", "tables: { orders: { PUBLIC: [select] }, users")},
    ),
    "a partition lies open": (
        "partition-granted",
        "side.t",
        {
            "spec": OTHER,
            "facts": facts(relations=relation("side.t", partition_of=Table("app", "orders"))),
            "actual": with_object(SIDE),
        },
    ),
    "no index begins with the tenant column": (
        "tenant-index",
        "app.orders",
        {"facts": facts(relations=relation("app.orders", indexed=frozenset()))},
    ),
    "a password without a limit": (
        "login-unlimited",
        "x_app",
        {"spec": SPEC.replace("connection_limit: 5, ", "")},
    ),
    "a login owns a table": (
        "login-owns",
        "x_app",
        {
            "actual": dataclasses.replace(
                with_object(Object("table", "app", "mine")),
                owners={**SETTLED.owners, Object("table", "app", "mine"): "x_app"},
            )
        },
    ),
    "a login becomes the owner": (
        "login-becomes-owner",
        "x_app",
        {"spec": SPEC.replace("x_app: { login: true,", "x_app: { login: true, member_of: [x_owner],")},
    ),
    "a login is not bound by row policies": (
        "login-becomes-owner",
        "x_app",
        {"spec": SPEC.replace("x_app: { login: true,", "x_app: { login: true, dangerous: { bypassrls: for a test },")},
    ),
    "an ACL is too wide": (
        "acl-width",
        "app.v",
        {"actual": with_object(VIEW, *(Grant(f"stranger_{n}", "SELECT") for n in range(1501)))},
    ),
    "one login has no line where another has": (
        "login-without-line",
        "x_silent",
        {"spec": SPEC.replace("x_app: { login", "x_silent: { login: true }\n  x_app: { auth: scram, login")},
    ),
    "a login may connect nowhere": (
        "login-without-line",
        "x_lost",
        {"spec": SPEC.replace("x_app: { login", "x_lost: { login: true, auth: cert }\n  x_app: { login")},
    ),
    "a unique index tells of other tenants": (
        "tenant-unique",
        "app.users",
        {"facts": facts(relations=relation("app.users", uniques=(("users_name", ("name",)),)))},
    ),
    "a foreign key leads to other tenants": (
        "tenant-reference",
        "app.orders",
        {
            "facts": facts(
                relations=relation("app.orders", references=(("orders_user", ("user_id",), Table("app", "users")),))
            )
        },
    ),
}


def test_a_migrator_a_limit_and_a_tenants_own_index_are_right() -> None:
    migrator = SPEC.replace("x_app: { login: true,", "x_app: { login: true, member_of: [x_owner],").replace(
        "settings: {", "settings: { role: x_owner,"
    )
    assert not [one for one in found(spec=migrator) if "login-becomes-owner" in one]
    until = SPEC.replace("connection_limit: 5, ", "valid_until: 2030-01-01, ")
    assert found(spec=until) == ()
    own = facts(relations=relation("app.users", uniques=(("users_name", ("org", "name")),)))
    assert found(facts=own) == ()
    both = (("orders_user", ("org", "user_id"), Table("app", "users")),)
    assert found(facts=facts(relations=relation("app.orders", references=both))) == ()


def test_the_administrator_is_no_tenant() -> None:
    """Without a superuser it is a member of every role that it made."""
    members = {"master": frozenset({"x_app", "x_owner"})}
    assert found(facts=facts(members=members))
    assert found(facts=facts(members=members, server=dataclasses.replace(FACTS.server, me="master"))) == ()


def test_too_few_connections_are_told_and_stop_nothing() -> None:
    def told(**state: Any) -> tuple[str, ...]:
        loaded, actual = loads(state.get("spec", SPEC), "a.yaml").spec, SETTLED
        given = state.get("facts", FACTS)
        return advice(loaded, "shop", wanted(actual, loaded, given), actual, given)

    few = facts(server=dataclasses.replace(FACTS.server, connections=4))
    enough = facts(server=dataclasses.replace(FACTS.server, connections=5))
    assert told(facts=enough) == ()
    assert told(facts=few) == (
        "lint connection-budget: the logins' connection_limit add up to 5, the server has 4 connections for them; "
        "lower the limits or raise max_connections",
    )


def test_a_right_state_is_silent() -> None:
    assert found() == ()


@pytest.mark.parametrize("called, item, state", CASES.values(), ids=CASES.keys())
def test_told_and_excepted(called: str, item: str, state: dict[str, Any]) -> None:
    told = [one for one in found(**state) if one.startswith(f"lint {called}: ")]
    assert told and any(item in one for one in told), found(**state)
    # Whatever was told of this lint can be allowed, each object by the name that the message would be looked up by.
    names = sorted({item, "app.users", "app.orders", "x_app", "x_read", "x_owner"})
    reasons = ", ".join(f'"{name}": a good reason' for name in names)
    allowed = state.get("spec", SPEC) + f"    lint: {{ allow: {{ {called}: {{ {reasons} }} }} }}\n"
    assert not [one for one in found(**{**state, "spec": allowed}) if one.startswith(f"lint {called}: ")]


def test_every_lint_has_a_case() -> None:
    assert {called for called, _, _ in CASES.values()} == set(LINTS)


def test_views_and_functions_that_are_right_are_silent() -> None:
    invoker = facts(definer_views={VIEW: frozenset({Table("other", "t")})}, routines={FUNCTION: PINNED})
    assert found(facts=invoker, actual=with_object(VIEW)) == ()
