"""The core on every major that can be had, in short: `make matrix` runs the rest there too."""

from __future__ import annotations

import psycopg
import pytest

from components.access.session import Target
from tests.live.access.shop import Shop
from tests.live.access.test_apply import DRIFTS

pytestmark = pytest.mark.live
EVERY_MAJOR = True


def test_apply_all_drifts_at_once_and_isolation(target: Target, mark: str) -> None:
    shop = Shop(target, mark)
    shop.apply()
    assert shop.plan() == []
    shop.allow = frozenset({"moves-extension"})
    for change in DRIFTS.values():
        try:
            shop.run(change)
        except psycopg.Error:
            continue  # what an earlier change took away cannot be changed again
    assert len(shop.plan()) > 20
    shop.apply()
    assert shop.plan() == []
    assert shop.rows("SELECT count(*) FROM app.users", role="app", org="1") == [(2,)]
    assert shop.rows("SELECT count(*) FROM app.users", role="app") == [(0,)]


def test_memberships_granted_by_somebody_else(target: Target, mark: str) -> None:
    shop = Shop(target, mark)
    shop.apply()
    shop.run(
        'CREATE ROLE "MARK_x" ROLE "MARK_board"',
        'GRANT "MARK_owner", "MARK_readers" TO "MARK_board" WITH ADMIN OPTION',
        'SET ROLE "MARK_board"; GRANT "MARK_readers" TO "MARK_report" WITH ADMIN OPTION; RESET ROLE',
        'SET ROLE "MARK_board"; GRANT "MARK_owner" TO "MARK_app"; RESET ROLE',
    )
    assert shop.plan() != []
    shop.apply()
    assert shop.plan() == []
    with shop.admin() as connection:
        edges = connection.execute(
            "SELECT roleid::regrole::text, member::regrole::text, bool_or(admin_option) FROM pg_auth_members "
            "WHERE member::regrole::text LIKE %s GROUP BY 1, 2",
            [f"{mark}_%"],
        ).fetchall()
    assert edges == [(f"{mark}_readers", f"{mark}_report", False)]
