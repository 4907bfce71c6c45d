"""Whatever stands in a stack file, the answer is settings or a report, never a traceback."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from components.settings.allowed import resolve, settings_schema
from components.settings.load import load
from components.settings.model import Settings
from components.settings.problems import SettingsError
from components.settings.rds.rules import advice
from tests.unit.settings.rds.stacks import GOOD, TODAY, merged

PLACES = ["eu-central-1", "eu-west-1", "eu-central-1a", "0.0.0.0/0", "10.0.0.0/16", "arn:aws:kms:a:1:key/b"]
TIMES = ["03:00-04:00", "sun:23:00-mon:01:00"]
WORDS = st.sampled_from(
    [
        *PLACES,
        *TIMES,
        "",
        "own",
        "aws",
        "db.r7g.large",
        "db.serverless",
        "17.6",
        "99.1",
        "a",
        "b",
        "x" * 80,
        "é",
        "\x00",
        "{",
    ]
)
ODD = st.none() | st.booleans() | st.integers(-5, 10**9) | st.floats(allow_nan=False) | WORDS
ANYTHING = st.recursive(
    ODD, lambda below: st.lists(below, max_size=3) | st.dictionaries(WORDS, below, max_size=3), max_leaves=5
)


def of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that are near to what a schema allows: of its type, or anything at all."""
    here = resolve(schema)
    if "properties" in here:
        fields = {name: of(below) for name, below in here["properties"].items()}
        near: st.SearchStrategy[Any] = st.fixed_dictionaries({}, optional=fields)
    elif "enum" in here:
        near = st.sampled_from(here["enum"])
    elif here.get("type") == "array":
        near = st.lists(of(here.get("items") or {}), max_size=4)
    elif here.get("type") == "object":
        near = st.dictionaries(WORDS, of(here.get("additionalProperties") or {}), max_size=3)
    else:
        kinds: dict[str, st.SearchStrategy[Any]] = {
            "integer": st.integers(here.get("minimum", -10), here.get("maximum", 10**6)),
            "boolean": st.booleans(),
        }
        near = kinds.get(str(here.get("type")), ODD)
    return st.one_of(near, near, near, ANYTHING)


SECTION = of(settings_schema()["properties"]["rds"])


def loaded(given_rds: Any) -> Settings | SettingsError:
    try:
        return load({"platform": "rds", "rds": given_rds})
    except SettingsError as wrong:
        return wrong


@given(SECTION)
@effort(max_examples=150)
def test_anything_gives_settings_or_a_report(section: Any) -> None:
    found = loaded(section)
    if isinstance(found, SettingsError):
        assert found.problems
        assert all(problem.message and "\n" not in problem.message for problem in found.problems)


@given(SECTION.filter(lambda section: isinstance(section, dict)))
@effort(max_examples=150)
def test_what_loads_can_be_advised_on(section: dict[str, Any]) -> None:
    found = loaded(merged(GOOD, section))
    if isinstance(found, Settings):
        advice(found, TODAY)
