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
    assert plan_roles(ROLES, text, 160000) == ['GRANT "x_app" TO "x_read" WITH INHERIT FALSE, SET TRUE, ADMIN FALSE']
    want = roles.wanted(loads(text, "a.yaml").spec, ROLES, Server(version=150000), {}, frozenset())
    assert "PostgreSQL 15 cannot say inherit of one membership" in want.problems[0]
