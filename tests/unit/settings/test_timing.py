"""Patroni's timing rule: what is refused, and that every way out that a message names holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.settings.patroni import PRESETS, PatroniSettings
from components.settings.timing import Timing, lowered, rewritten, timing_problems

TIMINGS = st.builds(Timing, st.integers(1, 400), st.integers(0, 200), st.integers(0, 200))


def rule(timing: Timing) -> bool:
    """As Patroni's documentation states it."""
    return (
        timing.ttl >= 20
        and timing.loop_wait >= 1
        and timing.retry_timeout >= 3
        and timing.loop_wait + 2 * timing.retry_timeout <= timing.ttl
    )


@given(TIMINGS)
def test_the_three_minima_and_the_sum_are_the_rule(timing: Timing) -> None:
    assert timing.holds == rule(timing)
    if rule(timing):
        assert list(timing_problems(timing)) == []
    if timing.loop_wait + 2 * timing.retry_timeout > timing.ttl:
        assert len(list(timing_problems(timing))) == 1


@given(TIMINGS)
def test_each_way_out_holds(timing: Timing) -> None:
    for way in (
        lowered(timing),
        rewritten(timing),
        Timing(timing.shortest_ttl, timing.loop_wait, timing.retry_timeout),
    ):
        assert rule(way) or min(timing.loop_wait, timing.retry_timeout - 2) < 1


@given(TIMINGS.filter(rule))
def test_what_holds_is_left_alone(timing: Timing) -> None:
    assert lowered(timing) == rewritten(timing) == timing


@given(TIMINGS.filter(lambda timing: timing.loop_wait >= 1 and timing.retry_timeout >= 3 and timing.ttl >= 20))
def test_the_nearest_is_the_nearest(timing: Timing) -> None:
    """With this ttl and a loop_wait as given, a retry_timeout one higher would break the rule."""
    near = lowered(timing)
    if near.retry_timeout < timing.retry_timeout:
        assert not rule(Timing(near.ttl, near.loop_wait, near.retry_timeout + 1))


def test_the_presets_hold() -> None:
    for preset in PRESETS:
        assert rule(PatroniSettings.model_validate({"timing": preset}).times), preset


def test_known_rewrites_of_patroni() -> None:
    assert rewritten(Timing(20, 10, 10)) == Timing(20, 1, 9)
    assert rewritten(Timing(30, 10, 30)) == Timing(30, 1, 14)
    assert rewritten(Timing(30, 15, 10)) == Timing(30, 10, 10)
