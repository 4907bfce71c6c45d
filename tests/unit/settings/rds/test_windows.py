"""Windows across midnight and the week's end, against a set of minutes counted one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.rds.windows import DAY, DAYS, SHORTEST, WEEK, Window, daily, free_slot, weekly
from tests.unit.settings.rds.stacks import problems

DAILY = st.builds(Window, st.integers(0, DAY - 1), st.integers(1, DAY - 1), st.just(DAY))
WEEKLY = st.builds(Window, st.integers(0, WEEK - 1), st.integers(1, WEEK - 1), st.just(WEEK))
SHORT = st.builds(Window, st.integers(0, WEEK - 1), st.integers(SHORTEST, DAY - 120), st.just(WEEK))


def minutes(window: Window) -> set[int]:
    """Every minute of the week that the window holds."""
    repeated = WEEK // window.period
    starts = [window.start + number * window.period for number in range(repeated)]
    return {(start + minute) % WEEK for start in starts for minute in range(window.length)}


@given(DAILY, WEEKLY)
def test_an_overlap_is_a_shared_minute(backup: Window, maintenance: Window) -> None:
    shared = bool(minutes(backup) & minutes(maintenance))
    assert backup.overlaps(maintenance) == shared
    assert maintenance.overlaps(backup) == shared


@given(DAILY)
def test_a_daily_window_is_read_as_it_is_written(window: Window) -> None:
    assert daily(str(window)) == window


@given(WEEKLY)
def test_a_weekly_window_is_read_as_it_is_written(window: Window) -> None:
    assert weekly(str(window)) == window


@given(SHORT)
def test_the_advice_is_free(maintenance: Window) -> None:
    found = free_slot(maintenance, SHORTEST)
    assert not minutes(found) & minutes(maintenance)
    assert len(minutes(found)) == 7 * SHORTEST


@pytest.mark.parametrize(
    "text, start, length",
    [
        ("sun:23:30-mon:00:30", 6 * DAY + 23 * 60 + 30, 60),
        ("mon:00:00-mon:00:30", 0, 30),
        ("sat:12:00-sat:11:00", 5 * DAY + 12 * 60, WEEK - 60),
    ],
)
def test_the_week_wraps_around(text: str, start: int, length: int) -> None:
    assert weekly(text) == Window(start, length, WEEK)


@pytest.mark.parametrize(
    "text", ["", "3:00-04:00", "24:00-01:00", "03:00-03:60", "03:00", "03:00-03:30 ", "03.00-03.30"]
)
def test_no_daily_window(text: str) -> None:
    assert daily(text) is None


@pytest.mark.parametrize(
    "text", ["", "Sun:04:00-Sun:05:00", "sunday:04:00-sunday:05:00", "sun:04:00-05:00", "04:00-05:00"]
)
def test_no_weekly_window(text: str) -> None:
    assert weekly(text) is None


def test_days_are_lower_case() -> None:
    assert DAYS == ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


BACKUP, MAINTENANCE = "rds.windows.backup", "rds.windows.maintenance"


@pytest.mark.parametrize(
    "windows, path, message",
    [
        pytest.param(
            {"backup": "3am"}, BACKUP, "found '3am'; allowed is hh:mm-hh:mm in UTC, such as 03:00-03:30", id="no window"
        ),
        pytest.param(
            {"maintenance": "Sun:04:00-Sun:05:00"},
            MAINTENANCE,
            "found 'Sun:04:00-Sun:05:00'; allowed is"
            " ddd:hh:mm-ddd:hh:mm in UTC with small letters, such as sun:04:30-sun:05:30",
            id="capitals",
        ),
        pytest.param(
            {"backup": "03:00-03:20"},
            BACKUP,
            "found 03:00-03:20, 20 minutes; allowed are 30 minutes or more",
            id="short",
        ),
        pytest.param(
            {"maintenance": "sun:04:00-sun:04:00"},
            MAINTENANCE,
            "found sun:04:00-sun:04:00, 0 minutes; allowed are 30 minutes or more",
            id="empty",
        ),
        pytest.param(
            {"backup": "03:00-04:00", "maintenance": "sun:03:30-sun:05:00"},
            BACKUP,
            "found 03:00-04:00, which"
            " overlaps the maintenance window sun:03:30-sun:05:00; move one of them, for example backup to"
            " 05:00-05:30",
            id="overlap",
        ),
        pytest.param(
            {"backup": "23:45-00:15", "maintenance": "sun:23:30-mon:00:30"},
            BACKUP,
            "found 23:45-00:15, which"
            " overlaps the maintenance window sun:23:30-mon:00:30; move one of them, for example backup to"
            " 00:30-01:00",
            id="over midnight and the week's end",
        ),
    ],
)
def test_a_bad_window_is_told(windows: dict[str, str], path: str, message: str) -> None:
    assert problems({"windows": windows}) == {path: message}


def test_windows_may_touch() -> None:
    assert problems({"windows": {"backup": "03:00-04:00", "maintenance": "sun:04:00-sun:05:00"}}) == {}
