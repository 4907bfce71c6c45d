"""What a person reads of what was found."""

from __future__ import annotations

from components.upgrade.look import Fault, Seen
from components.upgrade.report import MOST, refusal, report


def fault(number: int = 1, *, stops: bool = True) -> Fault:
    return Fault(stops=stops, database="shop", object=f"column c{number}", why="is wrong", cure="drop it")


def seen(*faults: Fault, running: int = 16) -> Seen:
    return Seen(running=running, databases=2, faults=faults)


def test_nothing_is_said_in_one_line() -> None:
    assert report(seen(), 16, 17) == ["nothing in 2 databases stops an upgrade from 16 to 17"]


def test_what_stops_comes_first() -> None:
    assert report(seen(fault(stops=False), fault(2)), 16, 17) == [
        "stops the upgrade: shop: column c2 is wrong; drop it",
        "to be known of: shop: column c1 is wrong; drop it",
    ]


def test_another_version_than_was_said_is_named() -> None:
    assert report(seen(running=15), 16, 17)[0] == (
        "PostgreSQL 15 runs, not 16; it was asked what stands between 16 and 17"
    )
    assert report(seen(running=17), 16, 17) == ["PostgreSQL 17 runs already; nothing to look for"]


def test_a_refusal_is_one_report_that_says_nothing_was_begun() -> None:
    assert refusal(seen(fault(), fault(2), fault(3, stops=False)), 16, 17) == (
        "2 objects would stop the upgrade from 16 to 17; nothing was begun:\n"
        "  shop: column c1 is wrong; drop it\n"
        "  shop: column c2 is wrong; drop it"
    )


def test_a_long_list_is_cut_and_counted() -> None:
    lines = report(seen(*(fault(number) for number in range(MOST + 3))), 16, 17)
    assert (len(lines), lines[-1]) == (MOST + 1, "and 3 more")
