"""Roles that shall be gone, as statements."""

from __future__ import annotations

import dataclasses

import pytest

from components.access import roles
from components.access.model import Cluster, Hazard, Server
from components.access.plan import plan_cluster
from components.access.retiring import Retiring
from components.access.spec import SpecError, loads

SPEC = """
version: 1
roles: { x_new: {}, x_old: { retire: { to: x_new } } }
"""
NOBODY = Cluster()


def plan_of(**old: object) -> list[tuple[str, Hazard | None]]:
    actual = dataclasses.replace(NOBODY, retiring={"x_old": Retiring(**old)} if old else {})  # type: ignore[arg-type]
    want = roles.wanted(loads(SPEC, "a.yaml").spec, actual, Server(), {}, frozenset())
    found = plan_cluster(want, actual, Server())
    return [(one.display(), one.hazard) for one in found.statements[1:]]


CASES: dict[str, tuple[dict[str, object], list[str]]] = {
    "gone already": ({}, []),
    "nothing hangs on it": ({"login": False}, ['DROP ROLE "x_old"']),
    "objects in two databases": (
        {"databases": ("a", "b"), "shared": True},
        [
            'in a: REASSIGN OWNED BY "x_old" TO "x_new"',
            'in a: DROP OWNED BY "x_old"',
            'in b: REASSIGN OWNED BY "x_old" TO "x_new"',
            'in b: DROP OWNED BY "x_old"',
            'DROP ROLE "x_old"',
        ],
    ),
    "a right on a database alone": (
        {"shared": True},
        ['REASSIGN OWNED BY "x_old" TO "x_new"', 'DROP OWNED BY "x_old"', 'DROP ROLE "x_old"'],
    ),
}


@pytest.mark.parametrize("old, statements", CASES.values(), ids=CASES.keys())
def test_plan_of_retirement(old: dict[str, object], statements: list[str]) -> None:
    assert [text for text, _ in plan_of(**old)] == statements


def test_open_sessions_must_be_allowed_to_end() -> None:
    found = plan_of(login=True, sessions=2)
    assert [hazard for _, hazard in found] == [None, Hazard.ENDS_SESSIONS, None]
    assert found[0][0] == 'ALTER ROLE "x_old" NOLOGIN'


def test_a_database_that_lets_nobody_in_is_told() -> None:
    actual = dataclasses.replace(NOBODY, retiring={"x_old": Retiring(closed=("frozen",))})
    want = roles.wanted(loads(SPEC, "a.yaml").spec, actual, Server(), {}, frozenset())
    assert "database frozen depends on it" in plan_cluster(want, actual, Server()).problems[0]


@pytest.mark.parametrize(
    "text, told",
    [
        ("{ x_old: { retire: { to: x_old } } }", "no such role: x_old"),
        ("{ x_new: {}, x_old: { login: true, retire: { to: x_new } } }", "leave out login"),
        ("{ x_new: { member_of: [x_old] }, x_old: { retire: { to: x_new } } }", "no such role: x_old"),
        ("{ x_old: { retire: {} } }", "roles.x_old.retire.to: is missing"),
    ],
)
def test_what_cannot_be_retired(text: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(f"version: 1\nroles: {text}\n", "a.yaml")
    assert told in str(caught.value)
