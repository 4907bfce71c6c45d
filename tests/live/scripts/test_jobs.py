"""Jobs on a real pg_cron: scheduled from its own database, run in another as a login of that one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest

from components.access import jobs, run_jobs
from components.access.jobs import Job
from tests.live.seeds.scratch import Scratch, scratch

pytestmark = pytest.mark.live
EVERY_MINUTE = Job(schedule="* * * * *", run="INSERT INTO public.ran VALUES (session_user)", role="shop_jobs")
NIGHTLY = Job(schedule="15 2 * * *", run="SELECT 'it''s night'", role="shop_jobs")
LONGEST_WAIT = 90  # seconds; pg_cron looks once a minute


@pytest.fixture(scope="module")
def server() -> Iterator[Scratch]:
    with scratch() as made:
        with psycopg.connect(made.admin(), autocommit=True) as connection:
            connection.execute("CREATE ROLE shop_jobs LOGIN")
            connection.execute("CREATE DATABASE shop")
        with psycopg.connect(made.admin("shop")) as connection:
            connection.execute("CREATE TABLE public.ran (by text); GRANT INSERT ON public.ran TO shop_jobs")
        yield made


@pytest.fixture
def connection(server: Scratch) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.admin()) as probe:
        home = run_jobs.home(probe)
    assert home == "postgres"
    with psycopg.connect(server.admin(home)) as made:
        yield made


def bring(connection: psycopg.Connection, wanted: dict[str, Job]) -> jobs.JobChanges:
    changes = jobs.plan(wanted, run_jobs.scheduled(connection, "shop"))
    run_jobs.apply(connection, "shop", wanted, changes)
    connection.commit()
    assert run_jobs.scheduled(connection, "shop") == wanted
    return changes


def test_jobs_come_change_and_go_and_others_stay(connection: psycopg.Connection) -> None:
    assert run_jobs.scheduled(connection, "shop") == {}
    bring(connection, {"n": NIGHTLY})
    connection.execute("SELECT cron.schedule_in_database('shopping/n', '0 1 * * *', 'SELECT 1', 'shop')")
    connection.execute("SELECT cron.schedule('n', '0 1 * * *', 'SELECT 1')")
    assert not bring(connection, {"n": NIGHTLY})
    bring(connection, {"n": NIGHTLY, "m": EVERY_MINUTE})
    bring(connection, {"n": Job(schedule="15 3 * * *", run=NIGHTLY.run, role="postgres")})
    bring(connection, {})
    assert connection.execute("SELECT jobname FROM cron.job ORDER BY 1").fetchall() == [("n",), ("shopping/n",)]


def test_a_job_taken_away_by_hand_is_drift(connection: psycopg.Connection) -> None:
    bring(connection, {"n": NIGHTLY})
    connection.execute("SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname = 'shop/n'")
    assert bring(connection, {"n": NIGHTLY}) == jobs.JobChanges(schedule=("n",))


def test_a_job_runs_in_its_database_as_its_role_without_a_password(
    server: Scratch, connection: psycopg.Connection
) -> None:
    bring(connection, {"m": EVERY_MINUTE})
    deadline = time.monotonic() + LONGEST_WAIT
    with psycopg.connect(server.admin("shop"), autocommit=True) as shop:
        while not (rows := shop.execute("SELECT by FROM public.ran").fetchall()):
            assert time.monotonic() < deadline, f"the job did not run within {LONGEST_WAIT} s"
            time.sleep(1)
    bring(connection, {})
    assert rows[0] == ("shop_jobs",)
