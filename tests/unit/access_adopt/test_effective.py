"""What a role may do and why: memberships both ways, every source of a right, and what row policies leave of it."""

from __future__ import annotations

import pytest

from components.access.effective import Edge, Ground, Person
from components.access.effective_matrix import Cell, as_csv, matrix, table
from components.access.effective_rows import Rows, rows
from components.access.failures import AccessError
from components.access.model import PUBLIC, Access, Facts, Grant, Object, Policy, Relation, Security, Table
from components.access.why import as_json, find, lines, why

DATABASE, SCHEMA = Object("database", "", "shop"), Object("schema", "", "app")
USERS, VIEW = Object("table", "app", "users"), Object("view", "app", "v")
NAME = Object("column", "app", "users", "name")
F_INT, F_TEXT = Object("routine", "app", "f", "integer"), Object("routine", "app", "f", "text, text")
ALL = Policy(name="all", using="true", check="true")
MINE = Policy(name="mine", roles=("reader",), using="(owner = me())", check="(owner = me())")
FLOOR = Policy(name="floor", permissive=False, using="(org = 1)", check="(org = 1)")
NEVER = Policy(name="never", permissive=False, using="false")


def ground(*policies: Policy, forced: bool = True, edges: tuple[Edge, ...] = (), major: int = 15) -> Ground:
    people = {name: Person() for name in ("owner", "reader", "app", "loner", "pg_read_all_data", "pg_maintain")}
    people |= {"root": Person(superuser=True), "bypass": Person(bypassrls=True), "login": Person(login=True)}
    access = Access(
        database="shop",
        acls={
            DATABASE: frozenset({Grant("app", "CONNECT")}),
            SCHEMA: frozenset({Grant(PUBLIC, "USAGE")}),
            USERS: frozenset({Grant("reader", "SELECT", True), Grant("bypass", "SELECT"), Grant("login", "SELECT")}),
            NAME: frozenset({Grant("loner", "UPDATE")}),
            VIEW: frozenset({Grant("loner", "SELECT", False, "reader")}),
            F_INT: frozenset({Grant(PUBLIC, "EXECUTE")}),
            F_TEXT: frozenset(),
        },
        owners=dict.fromkeys((DATABASE, SCHEMA, USERS, NAME, VIEW, F_INT, F_TEXT), "owner"),
        security={Table("app", "users"): Security(True, forced)} if policies else {},
        policies={Table("app", "users"): {policy.name: policy for policy in policies}} if policies else {},
    )
    member = Edge("reader", "app", True, True, "owner")
    return Ground(people=people, edges=(member, *edges), access=access, major=major)


FACTS = Facts(
    definer_views={VIEW: frozenset({Table("app", "users")})},
    relations={Table("app", "users"): Relation(columns={"id": "integer", "name": "text", "org": "integer"})},
)


def because(role: str, item: Object, word: str, **parts: object) -> list[str]:
    return [str(one) for one in ground(**parts).reasons(role, item, word)]  # type: ignore[arg-type]


def test_every_source_of_a_right() -> None:
    assert because("reader", USERS, "SELECT") == ["reader was granted SELECT on app.users by owner, and may pass it on"]
    assert because("app", USERS, "SELECT") == [
        "app is a member of reader (inherits its rights, may SET ROLE to it; by owner); "
        "reader was granted SELECT on app.users by owner, and may pass it on"
    ]
    assert because("owner", USERS, "TRUNCATE") == ["owner owns app.users"]
    assert because("root", USERS, "TRUNCATE") == ["root is a superuser, whom no right binds"]
    assert because("loner", F_INT, "EXECUTE") == ["everybody (PUBLIC) was granted EXECUTE on app.f(integer) by owner"]
    assert because("loner", VIEW, "SELECT") == ["loner was granted SELECT on app.v by reader"]
    assert because("loner", USERS, "SELECT") == []
    assert because("loner", USERS, "UPDATE") == []  # a column only
    assert because("loner", NAME, "UPDATE") == ["loner was granted UPDATE on app.users.name by owner"]
    assert because("reader", NAME, "SELECT") == because("reader", USERS, "SELECT")


def test_the_servers_own_groups() -> None:
    reads = Edge("pg_read_all_data", "loner", True, True, "root")
    assert len(because("loner", USERS, "SELECT", edges=(reads,))) == 1
    assert because("loner", USERS, "INSERT", edges=(reads,)) == []
    assert because("loner", F_TEXT, "EXECUTE", edges=(reads,)) == []
    maintains = Edge("pg_maintain", "loner", True, True, "root")
    assert "MAINTAIN" not in ground().privileges(USERS)
    newer = ground(edges=(maintains,), major=17)
    assert "MAINTAIN" in newer.privileges(USERS) and newer.reasons("loner", USERS, "MAINTAIN")


def test_a_membership_that_does_not_inherit_is_told_as_a_way() -> None:
    only_set = Edge("owner", "loner", False, True, "root")
    answer = why(ground(edges=(only_set,)), FACTS, "loner", "app.users", "delete")
    assert not answer.may
    assert answer.hints[0] == ("after SET ROLE owner it may: loner is a member of owner (may SET ROLE to it; by root)")
    neither = Edge("owner", "loner", False, False, "root")
    assert not why(ground(edges=(neither,)), FACTS, "loner", "app.users", "delete").hints[0].startswith("after")


@pytest.mark.parametrize(
    "policies, role, command, state",
    [
        ((), "reader", "SELECT", Rows.OPEN),
        ((FLOOR,), "reader", "SELECT", Rows.DENIED),
        ((MINE,), "reader", "SELECT", Rows.COND),
        ((MINE,), "app", "SELECT", Rows.COND),
        ((MINE,), "loner", "SELECT", Rows.DENIED),
        ((ALL,), "loner", "SELECT", Rows.OPEN),
        ((ALL, FLOOR), "loner", "SELECT", Rows.COND),
        ((ALL, NEVER), "loner", "SELECT", Rows.DENIED),
        ((MINE,), "owner", "SELECT", Rows.DENIED),
        ((MINE,), "root", "SELECT", Rows.OPEN),
        ((MINE,), "bypass", "DELETE", Rows.OPEN),
        ((Policy(name="p", command="insert", check="true"),), "loner", "INSERT", Rows.OPEN),
        ((Policy(name="p", command="insert", check="true"),), "loner", "SELECT", Rows.DENIED),
        ((Policy(name="p", using="true", check="(id > 0)"),), "loner", "UPDATE", Rows.COND),
        ((Policy(name="p", using="true"),), "loner", "INSERT", Rows.OPEN),
    ],
)
def test_the_rows(policies: tuple[Policy, ...], role: str, command: str, state: Rows) -> None:
    answer = rows(ground(*policies), FACTS, role, USERS, command)
    assert answer is not None and answer.state is state, answer


def test_rows_of_the_owner_and_behind_a_view() -> None:
    free = rows(ground(MINE, forced=False), FACTS, "owner", USERS, "SELECT")
    assert free is not None and free.state is Rows.OPEN
    behind = rows(ground(MINE), FACTS, "loner", VIEW, "SELECT")
    assert behind is not None and behind.state is Rows.DENIED and "owner" in behind.why
    asks = rows(ground(MINE), Facts(), "loner", VIEW, "SELECT")
    assert asks is not None and asks.state is Rows.COND
    assert rows(ground(MINE), FACTS, "loner", USERS, "TRUNCATE") is None


def test_the_answer_says_it_all() -> None:
    answer = why(ground(MINE, FLOOR), FACTS, "app", "app.users", "Select")
    assert list(lines(answer)) == [
        "yes: app may SELECT table app.users",
        "  because app is a member of reader (inherits its rights, may SET ROLE to it; by owner); "
        "reader was granted SELECT on app.users by owner, and may pass it on",
        "  rows COND: row security is on and forced; the rows that its policies let through",
        "    restrictive floor for all to PUBLIC",
        "      using (org = 1)",
        "      check (org = 1)",
        "    permissive mine for all to reader, app is a member of reader (inherits its rights, may SET ROLE to it; "
        "by owner)",
        "      using (owner = me())",
        "      check (owner = me())",
    ]
    assert as_json(answer)["rows"]["state"] == "COND"
    shut = why(ground(), FACTS, "login", "app.users", "select")
    assert not shut.may and "  but login has no CONNECT on database shop" in list(lines(shut))
    partly = why(ground(), FACTS, "loner", "app.users", "update")
    assert partly.may and [column for column, _ in partly.columns] == ["name"]


@pytest.mark.parametrize(
    "called, found",
    [
        ("app.users", USERS),
        ("table:app.users", USERS),
        ("app.users.name", NAME),
        ("app.users.org", Object("column", "app", "users", "org")),
        ("app.f(text,text)", F_TEXT),
        ("function:app.f(integer)", F_INT),
        ("schema:app", SCHEMA),
        ("app", SCHEMA),
        ("shop", DATABASE),
    ],
)
def test_objects_by_name(called: str, found: Object) -> None:
    assert find(ground(), FACTS, called) == found


def test_slips_are_all_told_with_the_nearest() -> None:
    with pytest.raises(AccessError) as caught:
        why(ground(), FACTS, "raeder", "app.user", "selct")
    for said in ("no such role: raeder; did you mean reader?", "did you mean app.users?", "did you mean"):
        assert said in str(caught.value)
    with pytest.raises(AccessError, match=r"did you mean name\?"):
        find(ground(), FACTS, "app.users.nam")
    with pytest.raises(AccessError, match=r"app.f could be routine:app.f\(integer\), routine:app.f\(text, text\)"):
        find(ground(), FACTS, "app.f")
    with pytest.raises(AccessError, match="no such privilege of a table: EXECUTE"):
        why(ground(), FACTS, "reader", "app.users", "execute")


def test_the_matrix() -> None:
    cells = list(matrix(ground(MINE), FACTS, ["loner", "login"], frozenset({"app"})))
    assert Cell("loner", "table", "app.users", "UPDATE", "DENIED", "name") in cells
    assert Cell("loner", "routine", "app.f(integer)", "EXECUTE", "-") in cells
    assert not [cell for cell in cells if cell.role == "login"]  # which cannot connect
    shown = list(table(cells))
    assert shown[0].split() == ["role", "kind", "object", "may"]
    assert "UPDATE(name):DENIED" in shown[-2] + shown[-1]
    assert next(iter(as_csv(cells))) == "role,kind,object,privilege,rows,columns"
