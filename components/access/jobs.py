"""Scheduled jobs of a database: what pg_cron has to be told, given what it knows.

pg_cron lives in one database of the server (`cron.database_name`) and runs jobs in any. A job is called
`<database>/<name>` there; every job whose name begins with `<database>/` is ours, all others are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql


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
