"""PostgreSQL's numbers with units, counted as the server counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.units import MEMORY, TIME, number, whole


@pytest.mark.parametrize(
    "text, unit, count",
    [
        ("16MB", "kB", 16384),
        ("16MB", "8kB", 2048),
        ("128", "8kB", 128),
        ("1.5GB", "MB", 1536),
        ("1TB", "B", 2**40),
        ("1min", "ms", 60000),
        ("1d", "s", 86400),
        ("500us", "ms", 0),
        ("-1", "ms", -1),
        (" 30 s ", "ms", 30000),
        ("0x10", None, 16),
        ("1e3", None, 1000),
    ],
)
def test_known_numbers(text: str, unit: str | None, count: int) -> None:
    assert whole(text, unit) == count


@pytest.mark.parametrize(
    "text, unit", [("", None), ("x", "kB"), ("1MB", "ms"), ("1s", "kB"), ("1MB", None), ("1mb", "kB")]
)
def test_what_is_no_number(text: str, unit: str | None) -> None:
    with pytest.raises(ValueError, match="a number"):
        number(text, unit)


@given(st.integers(0, 10**6), st.sampled_from([*MEMORY]), st.sampled_from(["B", "kB", "8kB", "MB"]))
def test_memory_is_counted_in_bytes(amount: int, written: str, unit: str) -> None:
    size = {"B": 1, "kB": 1024, "8kB": 8192, "MB": 1024**2}[unit]
    assert number(f"{amount}{written}", unit) == pytest.approx(amount * MEMORY[written] / size)


@given(st.integers(0, 10**6), st.sampled_from([*TIME]), st.sampled_from(["ms", "s", "min"]))
def test_time_is_counted_in_milliseconds(amount: int, written: str, unit: str) -> None:
    assert number(f"{amount}{written}", unit) == pytest.approx(amount * TIME[written] / TIME[unit])
