"""Times as crontab and Kubernetes' CronJobs write them: five fields, or a name such as @daily."""

from __future__ import annotations

import re

NAMED = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
NAMES = {
    "month": {name: number for number, name in enumerate(MONTHS, 1)},
    "weekday": dict(zip(DAYS, range(7), strict=True)),
}
PART = re.compile(r"^(?:\*|(\w+)(?:-(\w+))?)(?:/([1-9]\d*))?$")


def cron_fault(text: str) -> str | None:
    """What is wrong with it, as the end of a sentence; None when nothing is."""
    if text in NAMED:
        return None
    words = text.split()
    if len(words) != len(FIELDS):
        return f"found {len(words)} fields; allowed are five (minute hour day month weekday), or {', '.join(NAMED)}"
    for word, (name, low, high) in zip(words, FIELDS, strict=True):
        if not all(_fits(part, name, low, high) for part in word.split(",")):
            return f"{word!r} is no {name}; allowed are *, {low} to {high}, ranges, lists and /steps"
    return None


def _fits(part: str, name: str, low: int, high: int) -> bool:
    found = PART.match(part)
    if found is None:
        return False
    bounds = [_number(bound, name) for bound in found.groups()[:2] if bound is not None]
    return all(bound is not None and low <= bound <= high for bound in bounds) and bounds == sorted(
        bounds, key=lambda bound: bound or 0
    )


def _number(text: str, name: str) -> int | None:
    return int(text) if text.isdecimal() else NAMES.get(name, {}).get(text.upper())
