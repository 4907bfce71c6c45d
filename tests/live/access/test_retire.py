"""A role that is to go takes nothing along and leaves nothing behind, in any database."""

from __future__ import annotations

import dataclasses

import psycopg
import pytest

from components.access.failures import AccessError
from components.access.session import Connection, Target
from tests.live.access.shop import Shop

pytestmark = pytest.mark.live
EVERY_MAJOR = True
GONE = "  MARK_old: { retire: { to: MARK_owner } }\n  MARK_board: {}"


def grown(shop: Shop) -> Shop:
    """The role owns and grants things in two databases, and holds rights of every kind."""
    shop.text = shop.text.replace("  MARK_board: {}", "  MARK_board: {}\n  MARK_old: { login: true }")
    shop.apply()
    with shop.target.open(autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{shop.mark}_other" OWNER "{shop.mark}_old"'.encode())
    shop.run('GRANT ALL ON SCHEMA app TO "MARK_old"', 'GRANT "MARK_board" TO "MARK_old" WITH ADMIN OPTION')
    work = (
        f'SET ROLE "{shop.mark}_old"',
        "CREATE TABLE {}.of_old (n int)",
        f'GRANT SELECT ON {{}}.of_old TO "{shop.mark}_board"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA {{}} GRANT SELECT ON TABLES TO "{shop.mark}_board"',
        "SELECT lo_create(0)",
    )
    for database, schema in ((shop.database, "app"), (f"{shop.mark}_other", "public")):
        with shop.target.open(database) as connection:
            connection.execute(f'GRANT CREATE ON SCHEMA public TO "{shop.mark}_old"'.encode())
            for statement in work:
                connection.execute(statement.format(schema).encode())
    shop.run('SET ROLE "MARK_old"; GRANT "MARK_board" TO "MARK_report"; RESET ROLE')
    shop.text = shop.text.replace("  MARK_board: {}\n  MARK_old: { login: true }", GONE)
    shop.text = shop.text.replace("exempt: { ", "exempt: { app.of_old: holds nothing of a tenant, ")
    return shop


def owners(connection: Connection) -> set[str]:
    found = connection.execute("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'of_old'").fetchall()
    return {owner for (owner,) in found}


def test_what_it_owned_goes_to_another_role_in_every_database(target: Target, mark: str) -> None:
    shop = grown(Shop(target, mark))
    shown = shop.plan()
    assert f'in {mark}_other: REASSIGN OWNED BY "{mark}_old" TO "{mark}_owner"' in shown
    shop.apply()
    assert shop.plan() == []
    for database in (shop.database, f"{mark}_other"):
        with target.open(database) as connection:
            assert owners(connection) == {f"{mark}_owner"}
            assert connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [f"{mark}_old"]).rowcount == 0


def test_open_sessions_end_only_when_that_is_allowed(target: Target, mark: str) -> None:
    shop = grown(Shop(target, mark))
    words = {**target.words, "user": f"{mark}_old", "dbname": f"{mark}_other"}
    with psycopg.connect(**words, autocommit=True) as working:
        with pytest.raises(AccessError, match="ends-sessions"):
            shop.apply()
        working.execute("SELECT 1")
        shop.allow = frozenset({"ends-sessions"})
        shop.apply()
        with pytest.raises(psycopg.OperationalError):
            working.execute("SELECT 1")
    assert shop.plan() == []


def test_without_superuser(target: Target, mark: str) -> None:
    with target.open(autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{mark}admin" LOGIN CREATEROLE CREATEDB'.encode())
    shop = Shop(dataclasses.replace(target, words={**target.words, "user": f"{mark}admin"}), mark)
    shop.text = shop.text.replace("  MARK_board: {}", "  MARK_board: {}\n  MARK_old: { login: true }")
    shop.apply()
    by_hand = dataclasses.replace(shop, target=target)
    by_hand.run(
        "CREATE SCHEMA more",
        'GRANT ALL ON SCHEMA more TO "MARK_old"',
        'SET ROLE "MARK_old"; CREATE TABLE more.of_old (n int); RESET ROLE',
        'ALTER SCHEMA more OWNER TO "MARK_owner"',
    )
    shop.text = shop.text.replace("  MARK_board: {}\n  MARK_old: { login: true }", GONE)
    shop.apply()
    assert shop.plan() == []
    with shop.admin() as connection:
        assert owners(connection) == {f"{mark}_owner"}
