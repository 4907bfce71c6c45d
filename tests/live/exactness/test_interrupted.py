"""An apply that ends after any of its statements leaves the old state, or one that the next apply completes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest

from components.access import apply, session
from components.access.model import Statement
from components.access.session import Connection, Target
from tests.live.access.shop import Shop
from tests.live.exactness import catalogue

pytestmark = pytest.mark.live

ALLOW = frozenset({"cuts-off-sessions"})
ENDINGS = ("killed", "cancelled")
# What was changed by hand since the last apply: roles, rights, policies, owners and defaults.
HARM = (
    "DROP POLICY tenant_floor ON app.users",
    "ALTER TABLE app.orders DISABLE ROW LEVEL SECURITY",
    'CREATE POLICY open ON app.orders TO "MARK_app" USING (true)',
    'GRANT ALL ON ALL TABLES IN SCHEMA app TO "MARK_readers" WITH GRANT OPTION',
    'REVOKE ALL ON ALL TABLES IN SCHEMA app FROM "MARK_app"',
    'GRANT SELECT (secret) ON app.users TO "MARK_board"',
    'ALTER DEFAULT PRIVILEGES FOR ROLE "MARK_owner" IN SCHEMA app GRANT ALL ON TABLES TO "MARK_board"',
    "ALTER SCHEMA app OWNER TO postgres",
    'GRANT CREATE ON SCHEMA app TO "MARK_app", PUBLIC',
    'ALTER ROLE "MARK_report" CREATEDB',
    'GRANT "MARK_owner" TO "MARK_app"',
)


class Interrupter:
    """Ends the session of an apply before its n-th statement; counts them all."""

    def __init__(self, target: Target, at: int, ending: str) -> None:
        self.target, self.at, self.ending, self.seen = target, at, ending, 0

    def run(self, connection: Connection, statements: Sequence[Statement]) -> None:
        for statement in statements:
            self.end_before(connection)
            RUN(connection, [statement])

    def apart(self, connection: Connection, statement: Statement) -> None:
        self.end_before(connection)
        APART(connection, statement)

    def end_before(self, connection: Connection) -> None:
        self.seen += 1
        if self.seen != self.at:
            return
        pid = connection.info.backend_pid
        if self.ending == "cancelled":
            raise psycopg.errors.QueryCanceled("as by a person's ^C")
        with self.target.open(autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])


RUN, APART = apply.run, apply._run_apart


@pytest.fixture(autouse=True)
def no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the program itself would do after a failover is left to the next apply."""

    def once(work: Callable[[], Any], *_: object) -> Any:
        return work()

    monkeypatch.setattr(session, "retried", once)


def interrupted(shop: Shop, at: int, ending: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the apply had as many statements as that, and so was ended."""
    one = Interrupter(shop.target, at, ending)
    with monkeypatch.context() as patch:
        patch.setattr(apply, "run", one.run)
        patch.setattr(apply, "_run_apart", one.apart)
        try:
            shop.apply()
        except psycopg.Error:
            assert one.seen == at
            return True
    assert one.seen < at, "an ended session was not noticed"
    return False


def test_a_first_apply_that_ends_anywhere_is_resumed(
    target: Target, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time on names of its own, from nothing."""
    ended = 0
    for at in range(1, 500, 3):
        shop = Shop(target, f"{mark}n{at}", allow=ALLOW)
        if not interrupted(shop, at, "killed", monkeypatch):
            break
        ended += 1
        shop.apply()
        assert shop.plan() == []
    assert ended > 5


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_repair_that_ends_anywhere_leaves_the_old_state(
    target: Target, mark: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(target, mark, allow=ALLOW)
    shop.apply()
    ended = 0
    for at in range(1, 200):
        shop.run(*HARM)
        before = catalogue.everything(shop.target, shop.database)
        if not interrupted(shop, at, ending, monkeypatch):
            break
        ended += 1
        assert catalogue.everything(shop.target, shop.database) == before
        shop.apply()
        assert shop.plan() == []
    assert ended > len(HARM) / 2
    assert shop.plan() == []
