from __future__ import annotations

import pytest

from tests.chaos.report import Audit, Outages, problems, table
from tests.chaos.writer import Writer

LIMITS = {"postgres": 1.5}


def outages(*seconds: float, direct: float = 9.0) -> Outages:
    made = Outages()
    for value in seconds:
        made.add("postgres", "pooled", value)
        made.add("postgres", "direct", direct, errors=1)
    return made


def test_a_good_run_has_no_problem() -> None:
    assert problems(outages(0.1, 1.5, 9.0), Audit(10, []), LIMITS, 3) == []


@pytest.mark.parametrize(
    ("measured", "audit", "expected"),
    [
        (outages(0.1, 0.2, 0.3), Audit(10, [("pooled", 4)]), ["1 acknowledged rows are lost: pooled 4"]),
        (outages(1.6, 1.6, 0.1), Audit(10, []), ["postgres: the median of 1.60 s is over its limit of 1.5 s"]),
        (outages(0.1, 0.1), Audit(10, []), ["postgres: 2 of 3 events were measured"]),
        (outages(1, 1, 1), Audit(0, []), ["no row was acknowledged at all: nothing was shown"]),
    ],
)
def test_problems(measured: Outages, audit: Audit, expected: list[str]) -> None:
    assert problems(measured, audit, LIMITS, 3) == expected


def test_the_table_shows_each_route_and_the_limit_of_the_pooled_one() -> None:
    lines = table(outages(0.1, 0.4, 0.2), ["pooled", "direct"], LIMITS).splitlines()
    assert lines[1].split() == ["postgres", "pooled", "3", "0.10", "0.20", "0.40", "1.5", "0"]
    assert lines[2].split() == ["postgres", "direct", "3", "9.00", "9.00", "9.00", "-", "3"]


def test_an_outage_is_the_longest_gap_that_ends_after_the_event() -> None:
    writer = Writer("pooled", {})
    writer.acknowledged = [(1, 0.0), (2, 5.0), (3, 5.1), (4, 7.1), (5, 7.2)]
    assert writer.outage(since=5.05) == pytest.approx(2.0)
    assert writer.outage(since=5.0) == pytest.approx(5.0)


def test_a_writer_that_never_came_back_counts_as_endless() -> None:
    writer = Writer("pooled", {})
    writer.acknowledged = [(1, 0.0), (2, 1.0)]
    assert writer.outage(since=1.5) == float("inf")
