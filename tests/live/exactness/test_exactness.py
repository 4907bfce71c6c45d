"""After an apply there is nothing left to do, nothing undeclared is left in strict mode, and all else is as before."""

from __future__ import annotations

import itertools
import os
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, note, settings

from components.access import apply, preview
from components.access.apply import Options
from components.access.failures import AccessError
from components.access.session import Target
from components.access.spec.load import loads
from components.access.spec.models import Spec
from tests.live.exactness import catalogue
from tests.live.exactness.worlds import (
    DATABASE,
    OBJECTS,
    ODD,
    OUTSIDER,
    OWNER,
    RULED,
    A,
    B,
    World,
    marked,
    quoted,
    worlds,
)

pytestmark = pytest.mark.live

EXAMPLES = int(os.environ.get("EXACTNESS_EXAMPLES", "40"))
ALLOW = frozenset({"cuts-off-sessions"})
_numbers = itertools.count()


def prepared(target: Target, mark: str, world: World) -> None:
    """The server as it was before the spec came."""
    with target.open(autocommit=True) as connection:
        for role in (OWNER, A, B, ODD, OUTSIDER):
            connection.execute(f"CREATE ROLE {quoted(marked(role, mark))}".encode())
        connection.execute(f"CREATE DATABASE {marked(DATABASE, mark)}".encode())
    with target.open(marked(DATABASE, mark)) as connection:
        connection.execute(OBJECTS.replace("%%", "%").encode())
        for speaker, statement in world.prior:
            try:
                with connection.transaction():
                    connection.execute(f"SET LOCAL ROLE {quoted(marked(speaker, mark))}".encode())
                    connection.execute(marked(statement, mark).encode())
            except psycopg.Error:
                continue  # nobody could have done it


def plan(target: Target, spec: Spec, mark: str) -> list[str]:
    parts = [
        preview.cluster(target, spec, {}, major=15),
        preview.database(target, spec, marked(DATABASE, mark), [], major=15),
    ]
    return [line for part in parts for line in (*part.problems, *part.statements())]


def declared(world: World, schema: str, table: str, role: str) -> set[str]:
    """The rights on a whole table that the spec's text gives a role; read here without the program's help."""
    lines: dict[str, Any] = world.spec["databases"][DATABASE]["schemas"][schema]
    narrow = lines.get("tables", {}).get(table, {})
    if role in narrow:
        return {word.upper() for word in narrow[role]} if isinstance(narrow[role], list) else set()
    return {word.upper() for word in lines.get("access", {}).get(role, {}).get("tables", ())}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(world=worlds())
def test_apply_is_exact(target: Target, mark: str, world: World) -> None:
    mark = f"{mark}n{next(_numbers)}"
    prepared(target, mark, world)
    spec, hardened = loads(world.text(mark), "world.yaml").spec, bool(world.spec["harden"])
    before = catalogue.outside(target, mark, hardened=hardened)
    options = Options(allow=ALLOW)
    whole = catalogue.everything(target, marked(DATABASE, mark))
    try:
        apply.apply_cluster(target, spec, {}, options)
        apply.apply_database(target, spec, marked(DATABASE, mark), [], options)
    except AccessError as error:
        note(str(error))
        # The one reason to refuse these worlds: a right that somebody outside the scope holds hangs on one to be taken.
        assert marked(OUTSIDER, mark) in str(error), error
        assert catalogue.everything(target, marked(DATABASE, mark)) == whole
        return
    assert plan(target, spec, mark) == []
    assert catalogue.outside(target, mark, hardened=hardened) == before
    _nothing_undeclared(target, mark, world)


def _nothing_undeclared(target: Target, mark: str, world: World) -> None:
    found = catalogue.entries(target, mark)
    for schema, tables in (("app", ("t1", "T %2", "parts", "part1", "v", "m")), ("od d", ("t",))):
        mode = world.spec["databases"][DATABASE]["schemas"][schema].get("mode", world.spec["scope"]["mode"])
        for table, role in itertools.product(tables, RULED):
            here = [one for one in found if one[:3] == (schema, "relation", table) and one[4] == marked(role, mark)]
            owner = _owner(target, mark, schema, table)
            wanted = declared(world, schema, table, role) if owner != marked(role, mark) else set()
            held = {one[5] for one in here}
            assert wanted <= held, (table, role)
            if mode == "strict":
                assert held == wanted, (table, role)
                assert not any(one[6] for one in here), "nobody may pass a right on"


def _owner(target: Target, mark: str, schema: str, table: str) -> str:
    with target.open(marked(DATABASE, mark)) as connection:
        row = connection.execute(
            "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = %s AND relnamespace = "
            "(SELECT oid FROM pg_namespace WHERE nspname = %s)",
            [table, schema],
        ).fetchone()
    assert row is not None
    return str(row[0])
