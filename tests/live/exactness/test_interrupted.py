"""An apply that ends after any of its statements leaves the old state, or one that the next apply completes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from components.access import session
from components.access.session import Connection, Target
from tests.live.access.shop import Shop
from tests.live.exactness import catalogue
from tests.live.exactness.ending import ENDINGS, Interrupter

pytestmark = pytest.mark.live

ALLOW = frozenset({"cuts-off-sessions"})
# In the short form each way to end is tried at some statements, in the long one at every single one.
EVERY = bool(os.environ.get("EXACTNESS_EVERY"))
LONGEST_RECOVERY_S = 60
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
        one.into(patch)
        try:
            shop.apply()
        except psycopg.Error:
            assert one.happened
            return True
    assert not one.happened, "an ended session was not noticed"
    return False


def points(offset: int, most: int) -> Iterator[int]:
    """The statements before which an apply ends; the three ways take turns in the short form."""
    yield from range(1 if EVERY else 1 + offset, most, 1 if EVERY else 3 * len(ENDINGS))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_first_apply_that_ends_anywhere_is_resumed(
    target: Target, mark: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time on names of its own, from nothing."""
    ended = 0
    for at in points(3 * ENDINGS.index(ending), 500):
        shop = Shop(target, f"{mark}n{at}", allow=ALLOW)
        if not interrupted(shop, at, ending, monkeypatch):
            break
        ended += 1
        shop.apply()
        assert shop.plan() == []
    assert ended > (25 if EVERY else 2)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_repair_that_ends_anywhere_leaves_the_old_state(
    target: Target, mark: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(target, mark, allow=ALLOW)
    shop.apply()
    ended = 0
    for at in points(ENDINGS.index(ending), 200):
        shop.run(*HARM)
        before = catalogue.everything(shop.target, shop.database)
        if not interrupted(shop, at, ending, monkeypatch):
            break
        ended += 1
        assert catalogue.everything(shop.target, shop.database) == before
        shop.apply()
        assert shop.plan() == []
    assert ended > (len(HARM) / 2 if EVERY else 0)
    assert shop.plan() == []


@pytest.mark.parametrize("at", (2, 5, 9) if EVERY else (9,))
def test_a_server_that_crashes_in_the_middle(
    target: Target, mark: str, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server process is killed, so that the whole server starts anew and recovers."""
    shop = Shop(target, mark, allow=ALLOW)
    shop.apply()
    shop.run(*HARM)
    before = catalogue.everything(shop.target, shop.database)
    with target.open(autocommit=True) as witness:
        assert interrupted(shop, at, "crashed", monkeypatch)
        _crashed(witness)
    _recovered(target)
    assert catalogue.everything(shop.target, shop.database) == before
    shop.apply()
    assert shop.plan() == []


def _crashed(witness: Connection) -> None:
    """The server notices a moment after the kill, and ends every session before it recovers."""
    end = time.monotonic() + LONGEST_RECOVERY_S
    while True:
        try:
            witness.execute("SELECT 1")
        except psycopg.OperationalError:
            return
        assert time.monotonic() < end, "the server did not notice that a process of it was killed"
        time.sleep(0.02)


def _recovered(target: Target) -> None:
    end = time.monotonic() + LONGEST_RECOVERY_S
    while True:
        try:
            target.open().close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < end, "the server did not come back"
            time.sleep(0.1)
