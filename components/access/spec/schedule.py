"""cron's five fields, as pg_cron understands them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FIELD = re.compile(r"(\*|\d+(-\d+)?)(/\d+)?(,(\*|\d+(-\d+)?)(/\d+)?)*")
_BOUNDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))


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
