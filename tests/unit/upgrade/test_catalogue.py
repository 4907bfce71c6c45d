"""Which questions belong to which pair of majors, and what they are asked with."""

from __future__ import annotations

import pytest

from components.upgrade.catalogue import CHECKS, HERE, NEWEST, checks, given


def asked(old: int, new: int) -> set[str]:
    return {one.query for one in checks(old, new)}


@pytest.mark.parametrize(
    ("query", "pairs", "others"),
    [
        pytest.param("not_null_in_children", [(17, 18), (14, 18)], [(16, 17)], id="18"),
        pytest.param("postfix_operators", [(13, 14), (11, 17)], [(14, 18)], id="14"),
        pytest.param("subscriptions", [(17, 18)], [(16, 18)], id="from 17"),
        pytest.param("database_collation", [(15, 16)], [(14, 18)], id="from 15"),
        pytest.param("prepared_transactions", [(11, 14), (17, 18)], [], id="always"),
    ],
)
def test_a_question_is_asked_where_it_matters(
    query: str, pairs: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    assert all(query in asked(*pair) for pair in pairs)
    assert not any(query in asked(*pair) for pair in others)


def test_slots_stop_an_upgrade_of_what_cannot_take_them_along() -> None:
    for old, stops in ((16, True), (17, False)):
        (slots,) = [one for one in checks(old, 18) if one.query == "logical_slots"]
        assert slots.stops is stops


def test_every_query_is_asked_by_somebody_and_is_one_statement() -> None:
    files = {path.stem: path.read_text() for path in (HERE / "queries").glob("*.sql")}
    assert files.keys() == {one.query for one in CHECKS}
    assert all(";" not in text and text.startswith(("SELECT", "WITH")) for text in files.values())


def test_what_catalogues_lost_is_counted_from_the_old_version_on() -> None:
    assert given(17, 18, frozenset())["columns"][0] == "pg_attribute.attcacheoff"
    assert "pg_database.datlastsysoid" not in given(15, 18, frozenset())["columns"]
    assert "pg_database.datlastsysoid" in given(14, NEWEST, frozenset())["columns"]
    assert given(15, 16, frozenset())["columns"] == []


def test_an_extension_is_gone_from_its_major_on() -> None:
    assert given(14, 16, frozenset())["removed"] == ["timetravel"]
    assert given(16, 17, frozenset())["removed"] == ["adminpack", "old_snapshot", "timetravel"]
