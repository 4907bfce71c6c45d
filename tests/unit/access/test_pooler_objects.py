"""What a pooler without pg_authid needs: nothing where all is in place, one statement for each thing that is not."""

from __future__ import annotations

from typing import Any

import pytest

from components.access import passwords, pooler_objects
from components.access.model import UNREADABLE, Cluster, Membership, Role
from components.render import pgbouncer_verifiers as texts

VERIFIER = passwords.verifier("a password of the test", key=b"only for these tests", role="pgbouncer")
LOGIN = Role(name="pgbouncer", login=True, password=UNREADABLE)
GOOD: dict[str, Any] = {
    "schema": True,
    "table": True,
    "key": True,
    "function": [texts.BODY, True, "s", [f"search_path={texts.SEARCH_PATH}"]],
    "connect": True,
    "rights": [[*one] for one in sorted(pooler_objects.WANTED)],
}


def planned(found: dict[str, Any], role: Role | None = LOGIN, *edges: Membership, fits: bool = True) -> list[str]:
    roles = {role.name: role} if role else {}
    cluster = Cluster(roles=roles, memberships=frozenset(edges))
    return [one.display() for one in pooler_objects.plan(found, cluster, VERIFIER, fits=fits).statements]


def test_nothing_to_do() -> None:
    assert planned(GOOD) == []


def test_from_nothing() -> None:
    assert planned(dict(pooler_objects.NOTHING), None, fits=False) == [
        "CREATE ROLE \"pgbouncer\" LOGIN PASSWORD '<hidden>'",
        texts.SCHEMA,
        texts.TABLE,
        texts.FUNCTION,
        "REVOKE EXECUTE ON FUNCTION pgbouncer.get_auth(text) FROM PUBLIC",
        'GRANT EXECUTE ON FUNCTION pgbouncer.get_auth(text) TO "pgbouncer"',
        'GRANT USAGE ON SCHEMA pgbouncer TO "pgbouncer"',
    ]


@pytest.mark.parametrize(
    ("change", "statement"),
    [
        ({"key": False}, "ALTER TABLE pgbouncer.verifier ADD PRIMARY KEY (login)"),
        ({"function": [texts.BODY, True, "s", None]}, texts.FUNCTION),
        ({"function": [texts.BODY, False, "s", [f"search_path={texts.SEARCH_PATH}"]]}, texts.FUNCTION),
        ({"function": ["SELECT 1, 2", True, "s", [f"search_path={texts.SEARCH_PATH}"]]}, texts.FUNCTION),
        ({"connect": False}, "GRANT CONNECT ON DATABASE postgres TO pgbouncer"),
    ],
)
def test_each_thing_that_is_otherwise_is_one_statement(change: dict[str, Any], statement: str) -> None:
    assert planned({**GOOD, **change}) == [statement]


def test_rights_of_others_are_taken_and_lost_ones_given() -> None:
    rights = [["TABLE pgbouncer.verifier", "app", "SELECT"], ["SCHEMA pgbouncer", "PUBLIC", "USAGE"], GOOD["rights"][0]]
    assert planned({**GOOD, "rights": rights}) == [
        "REVOKE USAGE ON SCHEMA pgbouncer FROM PUBLIC",
        'REVOKE SELECT ON TABLE pgbouncer.verifier FROM "app"',
        'GRANT USAGE ON SCHEMA pgbouncer TO "pgbouncer"',
    ]


def test_the_login_is_no_more_than_a_login() -> None:
    role = Role(name="pgbouncer", login=False, createdb=True, password=UNREADABLE, comment="left alone")
    edge = Membership("boss", "pgbouncer", inherit=True)
    assert planned(GOOD, role, edge) == ['ALTER ROLE "pgbouncer" LOGIN NOCREATEDB', 'REVOKE "boss" FROM "pgbouncer"']
    assert planned(GOOD, fits=False) == ["ALTER ROLE \"pgbouncer\" PASSWORD '<hidden>'"]


def test_who_it_is_granted_to_is_its_administrators_affair() -> None:
    assert planned(GOOD, LOGIN, Membership("pgbouncer", "boss", inherit=False, admin=True)) == []
