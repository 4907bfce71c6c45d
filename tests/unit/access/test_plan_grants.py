"""Rights that were handed on, rights on columns that are not there, and rights that a mode leaves."""

from __future__ import annotations

import dataclasses

from components.access.model import Grant, Object, Table
from components.access.plan import plan_database
from components.access.spec import loads
from tests.unit.access.test_plan import FACTS, ORDERS, SETTLED, SPEC, USERS, acl, changed, plan, wanted


def test_a_right_that_went_from_hand_to_hand_is_taken_from_the_last_one_first() -> None:
    """The server takes no right away while another hangs on it, in a column's rights as well."""
    chain = frozenset(
        {
            Grant("x_c", "DELETE", True),
            Grant("x_a", "DELETE", True, "x_c"),
            Grant("x_b", "DELETE", True, "x_a"),
            Grant("x_d", "DELETE", False, "x_b"),
            Grant("x_c", "UPDATE", True),
        }
    )
    column = Object("column", "app", "users", "id")
    acls = {
        **SETTLED.acls,
        USERS: SETTLED.acls[USERS] | chain,
        column: SETTLED.acls[column] | {Grant("x_a", "UPDATE", False, "x_c")},
    }
    assert [line.partition(";")[0] + " from" + line.partition(" FROM")[2] for line in plan(changed(acls=acls))] == [
        'SET LOCAL ROLE x_b from "x_d"; RESET ROLE',
        'SET LOCAL ROLE x_a from "x_b"; RESET ROLE',
        'SET LOCAL ROLE x_c from "x_a"; RESET ROLE',
        'SET LOCAL ROLE x_c from "x_a"; RESET ROLE',
        'REVOKE DELETE, UPDATE ON TABLE "app"."users" FROM "x_c" from "x_c"',
    ]


def test_a_column_that_is_not_there_is_told_before_anything_is_sent() -> None:
    facts = dataclasses.replace(FACTS, columns={Table("app", "users"): frozenset({"ids", "org"})})
    found = plan_database(wanted(SETTLED, loads(SPEC, "a.yaml").spec, facts), SETTLED, facts)
    assert found.curable == ("table app.users has no column id, on which the spec gives rights; did you mean ids?",)


def test_a_declared_right_that_is_held_with_its_grant_option_is_enough_where_nothing_is_taken() -> None:
    actual = changed(acls={ORDERS: acl(x_app="INSERT", x_read="SELECT") | {Grant("x_app", "SELECT", True)}})
    for mode in ("report", "add"):
        assert plan(actual, SPEC.replace('"^x_" }', f'"^x_", mode: {mode} }}')) == []


def test_a_right_of_somebody_else_that_hangs_on_one_to_be_taken_is_told() -> None:
    """The server would refuse in the middle of the apply."""
    given = {Grant("x_c", "DELETE", True), Grant("stranger", "DELETE", False, "x_c")}
    actual = changed(acls={USERS: SETTLED.acls[USERS] | given})
    found = plan_database(wanted(actual, loads(SPEC, "a.yaml").spec), actual, FACTS)
    assert found.problems == (
        "stranger holds DELETE on table app.users by x_c, who is to lose the right to pass it on; "
        "take it from stranger first, or grant it by the owner instead",
    )
