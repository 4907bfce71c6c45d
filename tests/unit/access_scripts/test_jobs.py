from __future__ import annotations

import pytest

from components.access import jobs
from components.access.jobs import Job, JobChanges
from components.access.spec import SpecError, loads
from components.access.spec.schedule import schedule_problems

NIGHTLY = Job(schedule="15 2 * * *", run="SELECT ops.nightly_maintenance()", role="app_jobs")
OFTEN = Job(schedule="*/5 * * * *", run="SELECT ops.refresh()", role="app_jobs")


@pytest.mark.parametrize(
    ("wanted", "found", "changes"),
    [
        pytest.param({}, {}, JobChanges(), id="no jobs"),
        pytest.param({"n": NIGHTLY}, {"n": NIGHTLY}, JobChanges(), id="nothing to do"),
        pytest.param({"n": NIGHTLY, "a": OFTEN}, {}, JobChanges(schedule=("a", "n")), id="new, sorted"),
        pytest.param({}, {"n": NIGHTLY}, JobChanges(unschedule=("n",)), id="gone"),
        pytest.param({"n": OFTEN}, {"n": NIGHTLY}, JobChanges(unschedule=("n",), schedule=("n",)), id="changed"),
    ],
)
def test_plan(wanted: dict[str, Job], found: dict[str, Job], changes: JobChanges) -> None:
    assert jobs.plan(wanted, found) == changes
    assert bool(changes) == (wanted != found)


def test_statements_quote_whatever_they_hold() -> None:
    wanted = {"n": Job(schedule="15 2 * * *", run="SELECT 'it'", role="app_jobs")}
    shown = [one.as_string() for one in jobs.statements("shop", wanted, jobs.plan(wanted, {"old": OFTEN}))]
    assert shown == [
        "SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname = 'shop/old'",
        "SELECT cron.schedule_in_database('shop/n', '15 2 * * *', 'SELECT ''it''', 'shop', 'app_jobs')",
    ]


@pytest.mark.parametrize("schedule", ["* * * * *", "*/5 * * * *", "0 3 1,15 * 1-5", "0-30/10 0 * * 7"])
def test_schedules_that_are_taken(schedule: str) -> None:
    assert list(schedule_problems(schedule)) == []


@pytest.mark.parametrize(
    ("schedule", "parts"),
    [
        ("hourly", ["has 1 fields"]),
        ("60 * * * *", ["minute '60' is out of range; allowed is 0 to 59"]),
        ("* 24 0 13 8", ["hour '24'", "day of month '0'", "month '13'", "day of week '8'"]),
        ("a * * * -1", ["minute 'a' is not cron's", "day of week '-1' is not cron's"]),
    ],
)
def test_every_wrong_field_is_told(schedule: str, parts: list[str]) -> None:
    found = list(schedule_problems(schedule))
    assert len(found) == len(parts)
    assert all(part in text for part, text in zip(parts, found, strict=True))


SPEC = """version: 1
roles:
  shop_owner: {}
  shop_jobs: { login: true }
databases:
  shop:
    owner: shop_owner
    jobs:
      nightly: { schedule: "15 2 * * *", run: SELECT 1, as: shop_jobs }
"""


def test_a_spec_says_its_jobs() -> None:
    job = loads(SPEC, "access.yaml").spec.databases["shop"].jobs["nightly"]
    assert (job.schedule, job.run, job.as_) == ("15 2 * * *", "SELECT 1", "shop_jobs")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("as: shop_jobs", "as: shop_owner", "shop_owner cannot log in, so no job can run as it; name a login"),
        ("as: shop_jobs", "as: shop_job", "did you mean shop_jobs?"),
        ("15 2", "15 24", "hour '24' is out of range; allowed is 0 to 23"),
        (", run: SELECT 1", "", "databases.shop.jobs.nightly.run is missing"),
    ],
)
def test_what_is_wrong_with_a_job_is_told_with_its_line(right: str, wrong: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(SPEC.replace(right, wrong), "access.yaml")
    [problem] = caught.value.problems
    assert told.removeprefix("databases.shop.jobs.nightly.run ") in str(problem)
    assert problem.line == 9
