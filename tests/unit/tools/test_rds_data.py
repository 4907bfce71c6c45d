"""The tool that reads what RDS offers: cfn-lint's tables in, one small file out."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from components.settings.catalogue.rds import FILE
from tools.rds_data import ENGINES, PIN, compact, conditions, minors, text

SIZES = st.sampled_from(["medium", "large", "xlarge", "2xlarge", "16xlarge"])
NAMES = st.builds(lambda family, size: f"db.{family}.{size}", st.sampled_from(["m7g", "r7g", "t4g"]), SIZES)
JSON = st.recursive(
    st.integers() | st.text() | st.booleans(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
)


def test_versions_are_sorted_by_number_and_old_or_special_ones_left_out() -> None:
    found = minors(["17.10", "17.9", "9.6.22", "10.4", "13.23-rds.20260514", "16.10-limitless", "17", "11.4", "17.0"])
    assert found == {"11": [4], "17": [9, 10]}


@given(st.sets(NAMES))
def test_classes_are_found_again(names: set[str]) -> None:
    assert {f"db.{family}.{size}" for family, sizes in compact(names).items() for size in sizes.split()} == names


def test_sizes_stand_in_their_order() -> None:
    assert compact(["db.m7g.16xlarge", "db.m7g.2xlarge", "db.m7g.large", "db.m7g.xlarge", "db.serverless"]) == {
        "m7g": "large xlarge 2xlarge 16xlarge",
        "serverless": "",
    }


def test_a_rule_is_found_by_its_engine() -> None:
    rule = {"if": {"properties": {"Engine": {"const": "postgres"}, "x": 1}}, "then": {"properties": {"y": 2}}}
    refusal = {"if": {"properties": {"Engine": {"const": "postgres"}}}, "then": False}
    other = {"if": {"properties": {"Engine": {"const": "mysql"}}}, "then": {"properties": {}}}
    found = list(conditions([rule, other, refusal], "postgres"))
    assert found == [({"Engine": {"const": "postgres"}, "x": 1}, {"y": 2}), ({"Engine": {"const": "postgres"}}, {})]


@given(JSON)
def test_the_text_says_what_the_data_say(value: object) -> None:
    assert json.loads(text(value)) == value


def test_the_file_is_the_tools_and_says_where_it_is_from() -> None:
    plain = json.loads(FILE.read_text(encoding="utf-8"))
    assert plain["source"].startswith(PIN.replace("==", " "))
    assert set(plain["engines"]) == set(ENGINES)
    assert text(plain) + "\n" == FILE.read_text(encoding="utf-8")
