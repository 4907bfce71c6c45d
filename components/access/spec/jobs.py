"""The part of a spec that says what runs by itself, and when."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from components.access.spec.fields import Part, RoleName, Text, field
from components.access.spec.schedule import schedule_problems


def _schedule(text: str) -> str:
    if problems := list(schedule_problems(text)):
        raise ValueError("; ".join(problems))
    return " ".join(text.split())


Schedule = Annotated[Text, AfterValidator(_schedule)]
Command = Annotated[Text, StringConstraints(min_length=1, max_length=20_000)]


class ScheduledJob(Part):
    """One SQL statement that pg_cron runs. Left out, with a report, where the server runs without pg_cron."""

    schedule: Schedule = field(..., "cron's five fields, in UTC: minute hour day month weekday.")
    run: Command = field(..., "The statement, for example SELECT ops.nightly_maintenance().")
    as_: RoleName = field(..., "The login that runs it; must be allowed to connect.", alias="as")
