"""Runs that meet: many at once, behind locks, and through a server that restarts in the middle."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from components.access import apply, session
from components.access.apply import Done
from components.access.failures import AccessError
from components.access.scripts import NO_TRANSACTION
from components.access.session import Target
from tests.live.access.shop import TABLES, Shop

pytestmark = pytest.mark.live


def test_many_runs_of_two_specs_at_once(target: Target, mark: str) -> None:
    shops = [Shop(target, f"{mark}{letter}") for letter in "ab"]
    with ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda number: shops[number % 2].apply(), range(20)))
    changed = [one for one in done if any(part.statements for part in one)]
    assert len(changed) == 2, "one run of each spec did the work, the others found it done"
    assert [shop.plan() for shop in shops] == [[], []]


def test_a_lock_on_a_table_is_waited_for(target: Target, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "TABLE_LOCK_LIMIT_S", 1)
    shop = Shop(target, mark)
    shop.apply()
    shop.run("DROP POLICY tenant_floor ON app.users")
    held, met = threading.Event(), threading.Event()

    def hold() -> None:
        with shop.admin() as connection:
            connection.execute("LOCK app.users IN ROW EXCLUSIVE MODE")
            held.set()
            met.wait(60)

    def tell(line: str) -> None:
        told.append(line)
        met.set()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    told: list[str] = []
    shop.apply(report=tell)
    holder.join()
    assert any("trying again" in line for line in told), told
    assert shop.plan() == []


def test_the_holder_of_the_access_lock_is_named(target: Target, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LOCK_WAIT_S", 1)
    with session.lock(target), pytest.raises(AccessError, match=r"another run has held the access lock .*process \d+"):
        Shop(target, mark).apply()


def test_sessions_that_die_in_the_middle_are_opened_again(target: Target, mark: str) -> None:
    """What a failover does to a run: its sessions end, at any moment; the run begins again from a fresh read."""
    shop = Shop(target, mark)
    ended = threading.Event()

    def kill() -> None:
        with target.open(autocommit=True) as connection:
            while not ended.is_set():
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                    "AND application_name = 'postgres-platform' AND backend_start < now() - interval '60 ms'"
                )
                time.sleep(0.15)
                if time.monotonic() > end:
                    return

    end = time.monotonic() + 2
    killer = threading.Thread(target=kill)
    killer.start()
    told: list[str] = []
    try:
        shop.apply(report=told.append)
    finally:
        ended.set()
        killer.join()
    assert told, "something was killed"
    assert shop.plan() == []


@pytest.mark.parametrize("header", ["", f"{NO_TRANSACTION}\n"], ids=["in the transaction", "by itself"])
def test_a_session_that_dies_in_a_script_is_opened_again(target: Target, mark: str, header: str) -> None:
    """A failover while a script runs: what the server said of its end is no fault of the script."""
    slow = f"{header}SELECT pg_sleep(0.5);\n"
    shop = Shop(target, mark, tables=slow if header else slow + TABLES)
    told: list[str] = []

    def kill() -> None:
        until = time.monotonic() + 60
        with target.open(autocommit=True) as connection:
            while time.monotonic() < until:
                if connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND query ~ 'pg_sleep'",
                    [shop.database],
                ).rowcount:
                    return
                time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        shop.apply(report=told.append)
    finally:
        killer.join()
    assert any("terminating connection" in line and "trying again" in line for line in told), told
    assert shop.plan() == []
    with shop.admin() as connection:
        ran = connection.execute("SELECT count(*) FROM postgres_platform.script_journal").fetchone()
    assert ran == (1,)


def test_a_run_that_ends_after_any_statement_leaves_nothing_half_done(
    target: Target, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, ended = apply.run, 0
    for stop in range(0, 40, 3):
        shop = Shop(target, f"{mark}{stop:02}")
        left = [stop]

        def run(connection: session.Connection, statements: list[object], left: list[int] = left) -> None:
            whole = list(statements)
            if left[0] < len(whole):
                real(connection, whole[: left[0]])  # type: ignore[arg-type]
                raise KeyboardInterrupt
            left[0] -= len(whole)
            real(connection, whole)  # type: ignore[arg-type]

        monkeypatch.setattr(apply, "run", run)
        try:
            shop.apply()
        except KeyboardInterrupt:
            ended += 1
        finally:
            monkeypatch.setattr(apply, "run", real)
        shop.apply()
        assert shop.plan() == []
    assert ended > 5


def test_the_digest_of_another_plan_is_refused(target: Target, mark: str) -> None:
    with pytest.raises(AccessError, match="the server changed since the plan was shown"):
        Shop(target, mark).apply(digest="0" * 64)
    with target.open() as connection:
        assert not connection.execute("SELECT FROM pg_roles WHERE rolname ^@ %s", [mark]).rowcount


def test_a_server_that_is_not_there_is_waited_for_with_a_limit(mark: str, tmp_path: Path) -> None:
    nobody, told = Target.at(f"host={tmp_path} user=postgres"), list[str]()
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        session.retried(lambda: nobody.open(), told.append, within=1)
    assert 0.2 < time.monotonic() - began < 10
    assert told and all("No such file or directory" in line and "trying again" in line for line in told)
    assert not any("\n" in line for line in told)


def test_what_ran_is_told(target: Target, mark: str) -> None:
    roles, database = Shop(target, mark).apply()
    assert isinstance(roles, Done)
    assert roles.statements and database.statements
    assert database.scripts == ("001_tables.sql",)
