from __future__ import annotations

import pytest

from components.access import jobs
from components.access.jobs import Job, JobChanges

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
    assert list(jobs.schedule_problems(schedule)) == []


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
    found = list(jobs.schedule_problems(schedule))
    assert len(found) == len(parts)
    assert all(part in text for part, text in zip(parts, found, strict=True))
