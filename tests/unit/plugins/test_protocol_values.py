"""Values come back from the wire as they went, and what was secret stays so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.protocol_types import compare
from tests.plugins.protocol_values import SECRET, SIGNATURE, UNKNOWN, Secrets, decode, encode, knows, written

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8) | st.just(UNKNOWN)
KEYS = st.text(max_size=6).filter(lambda key: key != SIGNATURE)
TREES = st.recursive(SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(KEYS, one, max_size=3))


@given(st.dictionaries(KEYS, TREES, max_size=4))
def test_what_goes_out_comes_back(props: dict[str, Any]) -> None:
    assert decode(encode(props)) == (props, Secrets())


def test_a_secret_comes_back_as_one_and_is_marked_on_the_wire() -> None:
    hidden = Secrets.at([("data", "password"), ("list", 0, "key")])
    props = {"data": {"password": "pw", "user": "u"}, "list": [{"key": "a"}, {"key": "b"}]}

    wire = encode(props, hidden)

    assert wire.fields["data"].struct_value.fields["password"].struct_value.fields[SIGNATURE].string_value == SECRET
    assert wire.fields["data"].struct_value.fields["user"].string_value == "u"
    assert decode(wire) == (props, hidden)


def test_a_secret_of_one_entry_hides_the_same_place_in_every_entry() -> None:
    assert Secrets.at([("ports", 0, "token")]).holds(("ports", 7, "token"))
    assert not Secrets.at([("ports", 0, "token")]).holds(("ports", 7, "name"))


@pytest.mark.parametrize(
    "old, new, changed, replaced",
    [
        pytest.param({"a": 1}, {"a": 1}, {}, set(), id="nothing"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, {"a.b": "update"}, set(), id="update"),
        pytest.param({"a": [1, 2]}, {"a": [1]}, {"a[1]": "delete"}, set(), id="delete"),
        pytest.param({}, {"x": {"y/z": 1}}, {'x["y/z"]': "add"}, set(), id="add, with a key that needs quotes"),
        pytest.param({"name": "a"}, {"name": "b"}, {"name": "update"}, {"name"}, id="replacement"),
        pytest.param({"a": 1}, {"a": UNKNOWN}, {"a": "update"}, set(), id="not known yet"),
    ],
)
def test_compare(old: Any, new: Any, changed: Any, replaced: Any) -> None:
    found = compare(old, new, lambda path: path[0] == "name")

    assert (dict(found.changed), found.replaced) == (changed, replaced)


def test_knows() -> None:
    assert knows({"a": [1, {"b": None}]})
    assert not knows({"a": [1, {"b": UNKNOWN}]})


def test_a_path_is_written_as_pulumi_does() -> None:
    assert written(("spec", "ports", 0, "port")) == "spec.ports[0].port"
    assert written(("metadata", "labels", "a.b/c")) == 'metadata.labels["a.b/c"]'
