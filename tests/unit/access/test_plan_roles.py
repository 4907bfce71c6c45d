"""What a spec makes of a server's roles, as statements."""

from __future__ import annotations

import dataclasses

import pytest

from components.access import roles
from components.access.model import Cluster, Membership, Role, Server, SettingsOf
from components.access.passwords import verifier
from components.access.plan import plan_cluster
from components.access.spec import loads
from tests.unit.access.test_plan import SPEC

VERIFIER = verifier("correct horse", key=b"k" * 16, role="x_app")
ROLES = Cluster(
    roles={
        "x_owner": Role(name="x_owner"),
        "x_read": Role(name="x_read"),
        "x_app": Role(name="x_app", login=True, connection_limit=5, password=roles.digest(VERIFIER)),
    },
    memberships=frozenset({Membership("x_app", "x_read", True)}),
    settings={SettingsOf("x_app"): {"work_mem": "8MB"}},
    databases=frozenset({"shop"}),
)


def plan_roles(actual: Cluster, text: str = SPEC, version: int = 150000) -> list[str]:
    server = Server(version=version)
    want = roles.wanted(loads(text, "a.yaml").spec, actual, server, {"x_app": VERIFIER}, frozenset())
    assert want.problems == ()
    return [statement.display() for statement in plan_cluster(want, actual, server).statements]


def role(name: str, **attributes: object) -> Cluster:
    known = dict(ROLES.roles)
    return dataclasses.replace(ROLES, roles={**known, name: dataclasses.replace(known[name], **attributes)})  # type: ignore[arg-type]


ROLE_CASES = {
    "nothing to do": (ROLES, []),
    "another password": (role("x_app", password="other"), ["ALTER ROLE \"x_app\" PASSWORD '<hidden>'"]),
    "a password too many": (role("x_read", password="other"), ['ALTER ROLE "x_read" PASSWORD NULL']),
    "attributes": (
        role("x_app", login=False, superuser=True, connection_limit=-1),
        ['ALTER ROLE "x_app" LOGIN NOSUPERUSER CONNECTION LIMIT 5'],
    ),
    "an end that is not declared": (
        role("x_app", valid_until="2030-01-01T00:00:00"),
        ["ALTER ROLE \"x_app\" VALID UNTIL 'infinity'"],
    ),
    "a comment that is not declared": (role("x_owner", comment="x"), ['COMMENT ON ROLE "x_owner" IS NULL']),
    "memberships": (
        dataclasses.replace(ROLES, memberships=frozenset({Membership("x_owner", "x_app", True)})),
        ['REVOKE "x_owner" FROM "x_app"', 'GRANT "x_app" TO "x_read"'],
    ),
    "settings": (
        dataclasses.replace(ROLES, settings={SettingsOf("x_app"): {"work_mem": "1GB", "role": "x_owner"}}),
        ['ALTER ROLE "x_app" SET "work_mem" TO \'8MB\'', 'ALTER ROLE "x_app" RESET "role"'],
    ),
    "no database": (
        dataclasses.replace(ROLES, databases=frozenset()),
        ['CREATE DATABASE "shop" OWNER "x_owner"', 'REVOKE ALL ON DATABASE "shop" FROM PUBLIC'],
    ),
}


@pytest.mark.parametrize("actual, statements", ROLE_CASES.values(), ids=ROLE_CASES.keys())
def test_plan_of_roles(actual: Cluster, statements: list[str]) -> None:
    assert plan_roles(actual) == statements


def test_memberships_of_newer_servers_say_inherit_and_set() -> None:
    text = SPEC.replace("member_of: [x_app]", "member_of: { x_app: { inherit: false, set: true } }")
    assert plan_roles(ROLES, text, 160000) == ['REVOKE INHERIT OPTION FOR "x_app" FROM "x_read"']
    want = roles.wanted(loads(text, "a.yaml").spec, ROLES, Server(version=150000), {}, frozenset())
    assert "PostgreSQL 15 cannot say inherit of one membership" in want.problems[0]


def test_equal_memberships_share_a_statement() -> None:
    text = SPEC.replace("\nroles:\n", "\nroles:\n  x_more: { member_of: [x_app] }\n")
    assert 'GRANT "x_app" TO "x_more", "x_read"' in plan_roles(
        dataclasses.replace(ROLES, memberships=frozenset()), text
    )
    many = frozenset(Membership("x_owner", member, inherit=True) for member in ("x_app", "x_read"))
    actual = dataclasses.replace(ROLES, memberships=ROLES.memberships | many)
    assert plan_roles(actual) == ['REVOKE "x_owner" FROM "x_app", "x_read"']


GRANTORS = {
    "two grantors who give the same": ([("x_app", "x_read", "", "i"), ("x_app", "x_read", "dba", "is")], []),
    "another grantor gives what is declared": ([("x_app", "x_read", "dba", "is")], []),
    "another grantor gives more": (
        [("x_app", "x_read", "", "is"), ("x_app", "x_read", "dba", "isa")],
        ['REVOKE ADMIN OPTION FOR "x_app" FROM "x_read" GRANTED BY "dba"'],
    ),
    "two grantors give what is not declared": (
        [("x_app", "x_read", "", "is"), ("x_owner", "x_app", "dba", "is"), ("x_owner", "x_app", "", "is")],
        ['REVOKE "x_owner" FROM "x_app"', 'REVOKE "x_owner" FROM "x_app" GRANTED BY "dba"'],
    ),
    "a member who may grant no longer, and what it granted": (
        [("x_app", "x_owner", "", "isa"), ("x_app", "x_read", "x_owner", "is")],
        [
            'REVOKE "x_app" FROM "x_read" GRANTED BY "x_owner"',
            'REVOKE "x_app" FROM "x_owner"',
            'GRANT "x_app" TO "x_read" WITH INHERIT TRUE, SET TRUE, ADMIN FALSE',
        ],
    ),
}


@pytest.mark.parametrize("edges, statements", GRANTORS.values(), ids=GRANTORS.keys())
def test_memberships_by_several_grantors(edges: list[tuple[str, str, str, str]], statements: list[str]) -> None:
    actual = frozenset(
        Membership(role, member, "i" in options, "s" in options, "a" in options, grantor)
        for role, member, grantor, options in edges
    )
    assert plan_roles(dataclasses.replace(ROLES, memberships=actual), version=160000) == statements
