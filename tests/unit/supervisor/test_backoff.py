from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.supervisor.backoff import delay


@pytest.mark.parametrize(
    ("deaths", "expected"),
    [
        pytest.param([100.0], 1.0, id="a death that came alone"),
        pytest.param([99.0, 100.0], 2.0, id="the second within a minute"),
        pytest.param([97.0, 98.0, 99.0, 100.0], 8.0, id="doubled each time"),
        pytest.param([10.0, 20.0, 100.0], 1.0, id="older deaths are forgiven"),
        pytest.param([float(at) for at in range(60, 101)], 30.0, id="never above the cap"),
    ],
)
def test_delay(deaths: list[float], expected: float) -> None:
    assert delay(deaths, 100.0, 1.0) == expected


def test_a_first_delay_above_the_cap_is_kept() -> None:
    assert delay([100.0, 100.0], 100.0, 45.0) == 45.0


@given(st.lists(st.floats(0, 1000), max_size=200), st.floats(0.1, 10))
def test_a_delay_is_bounded_and_one_more_death_never_shortens_it(deaths: list[float], first: float) -> None:
    now = 1000.0
    seconds = delay(deaths, now, first)
    assert first <= seconds <= 30.0
    assert delay([*deaths, now], now, first) >= seconds
