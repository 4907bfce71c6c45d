"""Backup and maintenance windows as stretches of a week, which begins on Monday at 00:00 UTC and wraps around."""

from __future__ import annotations

import re
from dataclasses import dataclass

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, WEEK = 24 * 60, 7 * 24 * 60
SHORTEST = 30  # minutes

CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
DAILY = re.compile(rf"{CLOCK}-{CLOCK}")
WEEKLY = re.compile(rf"({'|'.join(DAYS)}):{CLOCK}-({'|'.join(DAYS)}):{CLOCK}")


@dataclass(frozen=True)
class Window:
    """`length` minutes from `start`, counted from Monday 00:00; it comes again every `period` (a day or a week)."""

    start: int
    length: int
    period: int

    def overlaps(self, other: Window) -> bool:
        """Do the two ever share a minute? Their ends may touch."""
        return any(_meet(one, self.length, two, other.length) for one in self.starts() for two in other.starts())

    def starts(self) -> range:
        """Minute of the week of each time it begins."""
        return range(self.start, self.start + WEEK, self.period)

    def __str__(self) -> str:
        if self.period == DAY:
            return f"{_clock(self.start)}-{_clock(self.start + self.length)}"
        return f"{_moment(self.start)}-{_moment(self.start + self.length)}"


def _meet(one: int, length: int, two: int, other_length: int) -> bool:
    """On a circle two stretches share a minute when one begins inside the other."""
    return (two - one) % WEEK < length or (one - two) % WEEK < other_length


def _clock(minute: int) -> str:
    return f"{minute % DAY // 60:02}:{minute % 60:02}"


def _moment(minute: int) -> str:
    return f"{DAYS[minute % WEEK // DAY]}:{_clock(minute)}"


def daily(text: str) -> Window | None:
    """`03:00-03:30`; None for anything else. An end before the start is tomorrow's."""
    match = DAILY.fullmatch(text)
    if match is None:
        return None
    start, end = (60 * int(match[at]) + int(match[at + 1]) for at in (1, 3))
    return Window(start, (end - start) % DAY, DAY)


def weekly(text: str) -> Window | None:
    """`sun:23:30-mon:00:30`; None for anything else. An end before the start is in the next week."""
    match = WEEKLY.fullmatch(text)
    if match is None:
        return None
    start, end = (DAY * DAYS.index(match[at]) + 60 * int(match[at + 1]) + int(match[at + 2]) for at in (1, 4))
    return Window(start, (end - start) % WEEK, WEEK)


def free_slot(maintenance: Window, length: int) -> Window:
    """The next daily window of that length after the maintenance window, for a message's advice."""
    end = maintenance.start + maintenance.length
    for start in range(end, end + DAY, SHORTEST):
        found = Window(start % DAY, length, DAY)
        if not found.overlaps(maintenance):
            return found
    return Window(end % DAY, length, DAY)
