"""Rights outside schemas, as statements."""

from __future__ import annotations

import dataclasses

import pytest

from components.access import roles
from components.access.desired import desired
from components.access.model import Access, Acl, Cluster, Facts, Grant, Object, Server
from components.access.plan import plan_cluster, plan_database
from components.access.spec import SpecError, loads

SPEC = """
version: 1
roles: { x_owner: {}, x_app: {}, x_read: {} }
parameters: { Log_Duration: { x_app: [set] }, app.tenant: { x_app: [all] } }
tablespaces: { fast: { x_app: [create] }, gone: {} }
databases:
  shop:
    owner: x_owner
    foreign_servers: { far: { "x_*": [usage] } }
    large_objects: { "17": { x_read: [select] } }
"""
FAR, LARGE = Object("foreign server", "", "far"), Object("large object", "", "17")
FAST, PARAMETER = Object("tablespace", "", "fast"), Object("parameter", "", "log_duration")


def rights(*words: str, to: str = "x_app") -> Acl:
    return frozenset(Grant(to, word) for word in words)


def in_database(acls: dict[Object, Acl], text: str = SPEC) -> tuple[list[str], tuple[str, ...]]:
    actual = Access(database="shop", acls=acls, owners=dict.fromkeys(acls, "x_owner"))
    facts = Facts(server=Server(available={}))
    plan = plan_database(desired(loads(text, "a.yaml").spec, "shop", actual, facts), actual, facts)
    return [str(one) for one in plan.statements if "DATABASE" not in one.sql], (*plan.pending, *plan.notes)


def on_server(acls: dict[Object, Acl], version: int = 150000) -> tuple[list[str], tuple[str, ...]]:
    actual = Cluster(outside=Access(database="", acls=acls, owners=dict.fromkeys(acls, "postgres")))
    actual = dataclasses.replace(actual, databases=frozenset({"shop"}))
    server = Server(version=version)
    plan = plan_cluster(roles.wanted(loads(SPEC, "a.yaml").spec, actual, server, {}, frozenset()), actual, server)
    return [str(one) for one in plan.statements if "ROLE" not in one.sql], (*plan.pending, *plan.problems)


def test_rights_in_a_database() -> None:
    everything = rights("USAGE") | rights("USAGE", to="x_read")
    assert in_database({FAR: everything, LARGE: rights("SELECT", to="x_read")}) == ([], ())
    statements, _ = in_database({FAR: rights("USAGE"), LARGE: rights("SELECT", "UPDATE")})
    assert statements == [
        'REVOKE SELECT, UPDATE ON LARGE OBJECT 17 FROM "x_app"',
        'GRANT SELECT ON LARGE OBJECT 17 TO "x_read"',
        'GRANT USAGE ON FOREIGN SERVER "far" TO "x_read"',
    ]


def test_what_is_not_there_is_pending_and_what_is_not_said_is_told() -> None:
    _, told = in_database({Object("language", "", "plsql"): rights("USAGE")})
    assert told == (
        "foreign server far is not there yet; its rights wait for it",
        "large object 17 is not there yet; its rights wait for it",
        "x_app hold rights on language plsql, of which the spec says nothing; left alone",
    )


def test_rights_on_the_server() -> None:
    tenant = Object("parameter", "", "app.tenant")
    settled = {FAST: rights("CREATE"), PARAMETER: rights("SET"), tenant: rights("SET", "ALTER SYSTEM")}
    assert on_server(settled) == ([], ("tablespace gone is not there yet; its rights wait for it",))
    other = Object("parameter", "", "work_mem")
    assert on_server({FAST: rights("CREATE", to="x_read"), other: rights("SET")})[0] == [
        'REVOKE CREATE ON TABLESPACE "fast" FROM "x_read"',
        'REVOKE SET ON PARAMETER "work_mem" FROM "x_app"',
        'GRANT ALTER SYSTEM, SET ON PARAMETER "app"."tenant" TO "x_app"',
        'GRANT CREATE ON TABLESPACE "fast" TO "x_app"',
        'GRANT SET ON PARAMETER "log_duration" TO "x_app"',
    ]
    assert "rights on parameters came with PostgreSQL 15" in on_server(settled, 140000)[1][1]


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("x_read: [select]", "x_raed: [select]", "did you mean x_read?"),
        ('"17"', '"x"', "large_objects"),
        ("x_app: [set]", "x_app: [sett]", "did you mean set?"),
    ],
)
def test_slips_are_told(old: str, new: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(SPEC.replace(old, new), "a.yaml")
    assert told in str(caught.value)
