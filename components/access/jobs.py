"""Scheduled jobs of a database: what pg_cron has to be told, given what it knows.

pg_cron lives in one database of the server (`cron.database_name`) and runs jobs in any. A job is called
`<database>/<name>` there; every job whose name begins with `<database>/` is ours, all others are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg import sql

_FIELD = re.compile(r"(\*|\d+(-\d+)?)(/\d+)?(,(\*|\d+(-\d+)?)(/\d+)?)*")
_BOUNDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))


@dataclass(frozen=True, kw_only=True, order=True)
class Job:
    """`schedule` is cron's five fields, in UTC on our platforms; `run` is one SQL statement; `role` must be a login."""

    schedule: str
    run: str
    role: str


Jobs = Mapping[str, Job]


@dataclass(frozen=True, kw_only=True)
class JobChanges:
    """Names without the database; a job that changed is in both."""

    unschedule: tuple[str, ...] = ()
    schedule: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.unschedule or self.schedule)


def plan(wanted: Jobs, found: Jobs) -> JobChanges:
    """What to take away and what to put in, sorted."""
    differ = {name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)}
    return JobChanges(unschedule=tuple(sorted(differ & found.keys())), schedule=tuple(sorted(differ & wanted.keys())))


def statements(database: str, wanted: Jobs, changes: JobChanges) -> list[sql.Composed]:
    """The changes as SQL, to be run in pg_cron's own database: what a preview shows is what runs."""
    gone = [
        sql.SQL("SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname = {}").format(_called(database, name))
        for name in changes.unschedule
    ]
    return gone + [_schedule(database, name, wanted[name]) for name in changes.schedule]


def _schedule(database: str, name: str, job: Job) -> sql.Composed:
    values = _called(database, name), *map(sql.Literal, (job.schedule, job.run, database, job.role))
    return sql.SQL("SELECT cron.schedule_in_database({})").format(sql.SQL(", ").join(values))


def _called(database: str, name: str) -> sql.Literal:
    return sql.Literal(f"{database}/{name}")


def schedule_problems(schedule: str) -> Iterator[str]:
    """What is wrong with a schedule, field by field; pg_cron itself only says `invalid schedule`."""
    fields = schedule.split()
    if len(fields) != len(_BOUNDS):
        yield f"{schedule!r} has {len(fields)} fields; cron has minute, hour, day, month, weekday, as in '*/5 * * * *'"
        return
    for text, (name, low, high) in zip(fields, _BOUNDS, strict=True):
        numbers = [int(number) for number in re.findall(r"(?<!/)\b\d+", text)]
        if not _FIELD.fullmatch(text):
            yield f"{name} {text!r} is not cron's; write *, a number, a range, a list or a step, as in 1-5 or */10"
        elif any(not low <= number <= high for number in numbers):
            yield f"{name} {text!r} is out of range; allowed is {low} to {high}"
