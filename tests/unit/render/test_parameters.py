"""The overlay: defaults <- extensions <- stack <- enforced."""

from __future__ import annotations

from typing import Any

import pytest

from components.render.extensions import ALWAYS, EXTENSIONS, preloaded
from components.render.parameters import ARCHIVING, DEFAULTS, ENFORCED, server_parameters
from components.settings.catalogue import catalogue, majors
from components.settings.load import load
from components.settings.owned import ONLY, OWNED
from components.settings.parameters import parameter_problems


def parameters(*extensions: str, major: int = 15, **given: Any) -> dict[str, str]:
    settings = load({"platform": "embedded", "parameters": given, "major": major})
    return server_parameters(settings, frozenset(extensions))


def test_a_stack_overrides_defaults_in_any_spelling() -> None:
    assert parameters()["work_mem"] == "4MB"
    found = parameters(Work_Mem="16MB", TimeZone="Europe/Berlin")
    assert (found["work_mem"], found["timezone"]) == ("16MB", "Europe/Berlin")
    assert not {"Work_Mem", "TimeZone"} & found.keys()


def test_extensions_bring_their_library_and_parameters_and_the_stack_may_override_these() -> None:
    zone: Any = {"cron.timezone": "Europe/Berlin"}
    found = parameters("pg_cron", "pgcrypto", **zone)
    assert found["shared_preload_libraries"] == "pg_cron,pg_stat_statements"
    assert (found["cron.database_name"], found["cron.timezone"]) == ("postgres", "Europe/Berlin")
    assert not any(name.startswith("cron.") for name in parameters())


def test_timescaledb_leaves_workers_for_the_others() -> None:
    own, others = parameters("timescaledb"), parameters()
    taken = int(own["timescaledb.max_background_workers"])
    assert int(own["max_worker_processes"]) >= int(others["max_worker_processes"]) + taken + 3
    assert parameters("timescaledb", max_worker_processes=12)["max_worker_processes"] == "12"


@pytest.mark.parametrize(
    "extensions, also, libraries",
    [
        (frozenset(), "", "pg_stat_statements"),
        (frozenset({"pgcrypto", "vector"}), "", "pg_stat_statements"),
        (frozenset({"timescaledb", "pg_cron"}), "auto_explain", "timescaledb,auto_explain,pg_cron,pg_stat_statements"),
        (frozenset({"pg_stat_statements"}), " pg_stat_statements , pgaudit", "pg_stat_statements,pgaudit"),
    ],
)
def test_preloaded_libraries_are_joined_and_in_one_order(extensions: frozenset[str], also: str, libraries: str) -> None:
    assert preloaded(extensions, also) == libraries


def test_nothing_wins_over_what_is_enforced() -> None:
    found = parameters()
    assert {name: found[name] for name in ENFORCED} == ENFORCED
    assert all(name in OWNED or ONLY[name][0] == (value,) for name, value in ENFORCED.items())
    assert all(name in OWNED for name in ARCHIVING)


@pytest.mark.parametrize("major", majors())
def test_every_default_is_what_that_version_takes(major: int) -> None:
    """The platform's own values pass the checks that a stack's values have to pass."""
    found = parameters(*EXTENSIONS, major=major)
    ours = {name: value for name, value in found.items() if name not in ENFORCED and name not in ARCHIVING}
    assert list(parameter_problems(ours, major=major, zero_loss=True)) == []
    assert all(catalogue(major).get(name) for name in found if "." not in name)


def test_every_default_is_known_to_some_version() -> None:
    assert [name for name in DEFAULTS if catalogue(None).get(name) is None] == []
    assert list(ALWAYS) == ["pg_stat_statements"]


def test_the_log_holds_no_statement_and_no_value() -> None:
    found = parameters("pgaudit")
    quiet = {
        "log_statement": "none",
        "log_min_error_statement": "panic",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "pgaudit.log_parameter": "off",
        "pg_stat_statements.track_utility": "off",
    }
    assert {name: found[name] for name in quiet} == quiet
