"""After an apply there is nothing left to do, nothing undeclared is left in strict mode, and all else is as before."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, event, given, note, settings

from components.access import apply, preview, session
from components.access.apply import Options
from components.access.failures import AccessError
from components.access.session import Target
from components.access.spec.load import loads
from components.access.spec.models import Spec
from tests.live.exactness import catalogue
from tests.live.exactness.ending import Interrupter
from tests.live.exactness.judge import Judge
from tests.live.exactness.things import (
    ADMIN,
    DATABASE,
    OBJECTS,
    ODD,
    OLD,
    OUTSIDER,
    OWNER,
    A,
    B,
    marked,
    quoted,
)
from tests.live.exactness.worlds import World, worlds

pytestmark = pytest.mark.live

EXAMPLES = int(os.environ.get("EXACTNESS_EXAMPLES", "25"))
# Making a failing world smaller tries hundreds of others, a second each: only for somebody who looks for the reason.
SHRINK = (Phase.shrink,) if os.environ.get("EXACTNESS_SHRINK") else ()
ALLOW = frozenset({"cuts-off-sessions", "ends-sessions"})
_numbers = itertools.count()


@contextmanager
def standing(target: Target, mark: str, world: World) -> Iterator[str]:
    """The server as it was before the spec came; yields the mark of this world's names. All is gone afterwards."""
    mark = f"{mark}n{next(_numbers)}"
    try:
        _prepare(target, mark, world)
        yield mark
    finally:
        _clear(target, mark)


def _prepare(target: Target, mark: str, world: World) -> None:
    with target.open(autocommit=True) as connection:
        for role in (OWNER, A, B, ODD, OUTSIDER, OLD, ADMIN):
            connection.execute(f"CREATE ROLE {quoted(marked(role, mark))}".encode())
        connection.execute(f"CREATE DATABASE {marked(DATABASE, mark)}".encode())
    with target.open(marked(DATABASE, mark)) as connection:
        maker = "postgres" if world.superuser else marked(OWNER, mark)
        connection.execute(f"GRANT CREATE ON DATABASE {marked(DATABASE, mark)} TO {quoted(maker)}".encode())
        connection.execute(f"SET LOCAL ROLE {quoted(maker)}; {OBJECTS}".encode())
        for speaker, statement in world.prior:
            try:
                with connection.transaction():
                    connection.execute(f"SET LOCAL ROLE {quoted(marked(speaker, mark))}".encode())
                    connection.execute(marked(statement, mark).encode())
            except psycopg.Error:
                continue  # nobody could have done it


def _clear(target: Target, mark: str) -> None:
    with target.open(autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {marked(DATABASE, mark)} WITH (FORCE)".encode())
        names = [name for (name,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname ^@ %s", [mark])]
        for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
            connection.execute(statement.format(", ".join(map(quoted, names))).encode())


def plan(target: Target, spec: Spec, mark: str) -> list[str]:
    parts = [
        preview.cluster(target, spec, {}, major=15),
        preview.database(target, spec, marked(DATABASE, mark), [], major=15),
    ]
    return [line for part in parts for line in (*part.problems, *part.statements())]


def applied(target: Target, spec: Spec, mark: str) -> None:
    apply.apply_cluster(target, spec, {}, Options(allow=ALLOW))
    apply.apply_database(target, spec, marked(DATABASE, mark), [], Options(allow=ALLOW))


def once(work: Callable[[], Any], *_: object) -> Any:
    """In place of what tries again after a failover, which is left to the next apply."""
    return work()


def administrator_of(target: Target, world: World, mark: str) -> tuple[Target, str]:
    """Who applies a world that stands, and the text of its spec, as this server's major can have it."""
    with target.open() as connection:
        parameters = connection.info.server_version >= 150000
    words = target.words if world.superuser else {**target.words, "user": marked(ADMIN, mark)}
    return dataclasses.replace(target, words=words), world.text(mark, parameters=parameters)


def interrupted(target: Target, spec: Spec, mark: str, world: World) -> bool:
    """Applies until the session ends; whether it did. In the database the old state is left, or the whole new one."""
    assert world.interrupted
    one = Interrupter(target, *world.interrupted)
    whole = catalogue.everything(target, marked(DATABASE, mark))
    with pytest.MonkeyPatch.context() as patch:
        one.into(patch)
        patch.setattr(session, "retried", once)
        try:
            applied(target, spec, mark)
        except psycopg.Error:
            assert one.happened
        else:
            return False
    retiring = OLD in world.spec["roles"]  # which is the server's business, done before and in its own transaction
    assert retiring or catalogue.everything(target, marked(DATABASE, mark)) == whole
    return True


def reason(world: World, said: str, mark: str) -> str | None:
    """Why an apply of these worlds may refuse to begin; None if it should not have."""
    if marked(OUTSIDER, mark) in said:
        return "a right of the outsider hangs on one that is to be taken"
    if not world.spec["harden"] and "PUBLIC holds" in said:
        return "a right of PUBLIC, of which the spec says nothing, hangs on one that is to be taken"
    if not world.superuser and "is no superuser" in said:
        return "the administrator lacks a right"
    # Without a superuser the heir must be able to create in the schema of what he inherits, who will own it only later.
    if not world.superuser and "REASSIGN OWNED" in said and "permission denied for schema" in said:
        return "the heir of a retired role may not own things there"
    return None


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, *SHRINK),
    suppress_health_check=list(HealthCheck),
)
@given(world=worlds())
def test_apply_is_exact(target: Target, mark: str, world: World) -> None:
    with standing(target, mark, world) as mark:
        administrator, text = administrator_of(target, world, mark)
        note(text)
        judged(target, administrator, loads(text, "world.yaml").spec, mark, world)


def judged(target: Target, administrator: Target, spec: Spec, mark: str, world: World) -> None:
    """Applies the world's spec as its administrator, and looks at everything."""
    judge = Judge(target, mark, world)
    whole = catalogue.everything(target, marked(DATABASE, mark))
    try:
        ended = bool(world.interrupted) and interrupted(administrator, spec, mark, world)
        applied(administrator, spec, mark)
    except AccessError as error:
        note(str(error))
        why = reason(world, str(error), mark)
        assert why, error
        event(f"refused: {why}")
        gone = OLD in world.spec["roles"]
        assert gone or catalogue.everything(target, marked(DATABASE, mark)) == whole
        return
    event(f"applied by {'a superuser' if world.superuser else 'an administrator'}{', resumed' if ended else ''}")
    assert plan(administrator, spec, mark) == []
    judge.look()
