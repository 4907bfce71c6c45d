"""adopt, pure: whatever the rights are, the spec made of them plans to nothing; and what it looks like."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from components.access import adopt_text
from components.access.adopt import Adopted, Found, FoundDatabase, adopt
from components.access.desired import desired
from components.access.model import (
    PUBLIC,
    Access,
    Cluster,
    Default,
    Facts,
    Grant,
    Membership,
    Object,
    Policy,
    Relation,
    Role,
    Security,
    Server,
    Table,
)
from components.access.plan import plan_cluster, plan_database
from components.access.roles import wanted
from components.access.spec import loads

ROLES = ("a_owner", "a_app", "a_read", "group")
OUTSIDE = ("postgres", "pg_monitor", "stranger*")
WORDS = {
    "database": ("CONNECT", "TEMPORARY", "CREATE"),
    "schema": ("USAGE", "CREATE"),
    "table": ("SELECT", "INSERT", "DELETE"),
    "view": ("SELECT",),
    "sequence": ("USAGE", "SELECT"),
    "routine": ("EXECUTE",),
    "type": ("USAGE",),
    "column": ("SELECT", "UPDATE"),
}
OBJECTS = (
    Object("database", "", "shop"),
    Object("schema", "", "app"),
    Object("schema", "", "public"),
    Object("table", "app", "t1"),
    Object("table", "app", "t2"),
    Object("table", "public", "we*ird"),
    Object("view", "app", "v"),
    Object("sequence", "app", "s"),
    Object("routine", "app", "f", "integer, text[]"),
    Object("routine", "app", "f", ""),
    Object("type", "public", "t"),
    Object("column", "app", "t1", "id"),
    Object("column", "app", "t1", "Ünder score"),
)
DEFAULT_WORDS = {
    "tables": WORDS["table"],
    "sequences": WORDS["sequence"],
    "functions": WORDS["routine"],
    "types": WORDS["type"],
}


@st.composite
def acls(draw: st.DrawFn, words: tuple[str, ...], owner: str, *, plain: bool = False) -> frozenset[Grant]:
    """Rights as the catalog may have them: each (grantee, privilege, grantor) once, none of the owner's own."""
    grantees = st.sampled_from([one for one in (*ROLES, *OUTSIDE, PUBLIC) if one != owner])
    rare = st.just(False) if plain else st.sampled_from([False] * 9 + [True])
    found: dict[tuple[str, str, str], Grant] = {}
    for grantee, word, passes, third in draw(
        st.lists(st.tuples(grantees, st.sampled_from(words), rare, rare), max_size=6)
    ):
        grantor = "group" if third and grantee not in ("group", owner) and owner != "group" else ""
        found[grantee, word, grantor] = Grant(grantee, word, passes and grantee != PUBLIC, grantor)
    return frozenset(found.values())


@st.composite
def servers(draw: st.DrawFn) -> Found:
    owners = st.sampled_from([*ROLES, "postgres"])
    owned = {item: draw(owners) for item in OBJECTS if item.kind != "column"}
    owned |= {item: owned[Object("table", "app", item.name)] for item in OBJECTS if item.kind == "column"}
    kinds = sorted(DEFAULT_WORDS)
    places = st.tuples(st.sampled_from(ROLES), st.sampled_from(["", "app", "public"]), st.sampled_from(kinds))
    defaults = {
        Default(*place): draw(acls(DEFAULT_WORDS[place[2]], place[0], plain=True))  # type: ignore[arg-type]
        for place in draw(st.sets(places, max_size=4))
    }
    access = Access(
        database="shop",
        acls={item: draw(acls(WORDS[item.kind], owned[item])) for item in OBJECTS},
        owners=owned,
        defaults=defaults,
    )
    edges = draw(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=4))
    cluster = Cluster(
        roles={
            name: Role(name=name, login=draw(st.booleans()), password=draw(st.sampled_from([None, "0" * 64])))
            for name in (*ROLES, *OUTSIDE)
        },
        memberships=frozenset(
            {
                (ROLES[a], ROLES[b]): Membership(ROLES[a], ROLES[b], inherit=True, admin=c)
                for a, b, c in edges
                if a < b
            }.values()
        ),
        databases=frozenset({"shop"}),
    )
    one = FoundDatabase(owner=owned[OBJECTS[0]], access=access, facts=Facts(exists=True), schemas=("app", "public"))
    return Found(server=Server(), cluster=cluster, databases={"shop": one})


def statements(found: Found, made: Adopted) -> list[str]:
    spec = loads(adopt_text.text(made.plain, made.remarks, "here"), "a.yaml").spec
    of_roles = plan_cluster(wanted(spec, found.cluster, found.server, {}, frozenset()), found.cluster, found.server)
    one = found.databases["shop"]
    plan = plan_database(desired(spec, "shop", one.access, one.facts), one.access, one.facts)
    assert (of_roles.problems, plan.problems) == ((), ())
    return [each.sql for each in (*of_roles.statements, *plan.statements)]


@settings(max_examples=150, deadline=None)
@given(servers())
def test_what_is_adopted_plans_to_nothing(found: Found) -> None:
    assert statements(found, adopt(found)) == []


def shop(**parts: Any) -> Found:
    """A small hardened database, with parts of its access replaced."""
    access = {
        "acls": {
            Object("database", "", "shop"): frozenset({Grant("a_app", "CONNECT")}),
            Object("schema", "", "app"): frozenset({Grant("a_app", "USAGE")}),
            Object("table", "app", "t1"): frozenset({Grant("a_app", "SELECT")}),
        },
        "owners": dict.fromkeys(
            (Object("database", "", "shop"), Object("schema", "", "app"), Object("table", "app", "t1")), "a_owner"
        ),
        "defaults": {
            Default("a_owner", "", "functions"): frozenset(),
            Default("a_owner", "app", "tables"): frozenset({Grant("a_app", "SELECT")}),
        },
        **parts,
    }
    one = FoundDatabase(
        owner="a_owner",
        access=Access(database="shop", **access),
        facts=Facts(
            exists=True, relations={Table("app", "t1"): Relation(columns={"org": "uuid"}, indexed=frozenset({"org"}))}
        ),
        schemas=("app",),
    )
    cluster = Cluster(roles={name: Role(name=name) for name in ("a_owner", "a_app")}, databases=frozenset({"shop"}))
    return Found(server=Server(), cluster=cluster, databases={"shop": one})


def test_a_hardened_schema_is_one_line() -> None:
    made = adopt(shop())
    assert made.plain["harden"] is True
    assert made.plain["databases"]["shop"] == {
        "owner": "a_owner",
        "connect": ["a_app"],
        "schemas": {"app": {"access": {"a_app": {"schema": ["usage"], "tables": ["select"]}}}},
    }
    assert made.remarks == []


PRINTED = "(org = ( SELECT (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid AS \"nullif\"))"


def policies(**more: Policy) -> dict[str, Any]:
    floor = Policy(name="tenant_floor", permissive=False, roles=("a_app",), using=PRINTED, check=PRINTED)
    rows = Policy(name="tenant_rows", roles=("a_app",), using=PRINTED, check=PRINTED)
    owner = Policy(name="see_all", roles=("a_owner",), using="true", check="true")
    by_name = {"tenant_floor": floor, "tenant_rows": rows, "see_all": owner, **more}
    return {
        "policies": {Table("app", "t1"): by_name},
        "security": {Table("app", "t1"): Security(True, True)},
    }


def test_a_tenants_rule_is_found_and_reads_its_setting_by_name() -> None:
    made = adopt(shop(**policies()))
    assert made.plain["databases"]["shop"]["rls"] == {
        "context": {"org": {"setting": "app.org", "type": "uuid"}},
        "tenant": {
            "schemas": ["app"],
            "column": "org",
            "using": "(org = :org)",
            "to": ["a_app"],
            "see_all": {"a_owner": {"for": ["all"], "why": "as adopt found it"}},
        },
    }


def test_a_floor_that_is_no_such_rule_is_told_as_it_is() -> None:
    wider = Policy(name="tenant_rows", roles=("a_app",), using="true", check="true")
    made = adopt(shop(**policies(tenant_rows=wider)))
    rls = made.plain["databases"]["shop"]["rls"]
    assert "tenant" not in rls
    assert rls["tables"]["app.t1"]["tenant_rows"] == {"for": ["all"], "to": ["a_app"], "using": "true"}
    assert rls["tables"]["app.t1"]["tenant_floor"]["as"] == "restrictive"


def test_a_password_is_kept_and_never_named() -> None:
    found = shop()
    login = Role(name="a_app", login=True, password="a" * 64)
    cluster = Cluster(roles={**found.cluster.roles, "a_app": login}, databases=found.cluster.databases)
    made = adopt(Found(server=found.server, cluster=cluster, databases=found.databases))
    assert made.plain["roles"]["a_app"] == {"login": True, "keep_password": True}
    assert "a" * 64 not in adopt_text.text(made.plain, made.remarks, "here")
