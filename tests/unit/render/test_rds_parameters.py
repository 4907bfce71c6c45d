"""Entries of a parameter group: what is always there, units, methods, and what RDS does not have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.render.rds_parameters import (
    Entry,
    apply_method,
    idle_libraries,
    parameter_values,
    rds_parameters,
    rds_value,
)
from components.settings.catalogue import catalogue
from components.settings.catalogue.rds_parameters import is_fixed, parameter
from components.settings.parameters import value_problem
from components.settings.units import whole
from tests.unit.settings.rds.stacks import settings

BASELINE = {
    "rds.force_ssl": ("1", "pending-reboot"),
    "shared_preload_libraries": ("pg_stat_statements,pgaudit", "pending-reboot"),
    "rds.restrict_password_commands": ("1", "pending-reboot"),
    "password_encryption": ("scram-sha-256", "pending-reboot"),
    "rds.accepted_password_auth_method": ("scram", "immediate"),
    "log_min_duration_statement": ("1000", "immediate"),
    "log_disconnections": ("1", "immediate"),
    "log_lock_waits": ("1", "immediate"),
    "log_temp_files": ("10240", "immediate"),
    "log_autovacuum_min_duration": ("10000", "immediate"),
    "pgaudit.log": ("ddl,role", "immediate"),
    "pgaudit.role": ("rds_pgaudit", "immediate"),
    "track_io_timing": ("1", "immediate"),
    "idle_in_transaction_session_timeout": ("300000", "immediate"),
    "log_statement": ("none", "pending-reboot"),
}
CLASS = {"instance_class": "db.r6g.large"}


def group(major: int = 17, extensions: frozenset[str] = frozenset(), **parameters: Any) -> dict[str, tuple[str, str]]:
    """Value and method by name."""
    found = rds_parameters(settings(CLASS, major=major, parameters=parameters), extensions)
    assert found == sorted(found)
    return {entry.name: (entry.value, entry.apply_method) for entry in found}


@pytest.mark.parametrize("major", range(14, 19))
def test_the_baseline_is_in_every_group(major: int) -> None:
    found = group(major)
    assert {name: found.get(name) for name in BASELINE} == BASELINE
    assert found["log_connections"][0] == ("1" if major < 18 else "receipt,authentication,authorization")


@pytest.mark.parametrize("major", range(14, 19))
def test_a_group_holds_nothing_that_rds_refuses(major: int) -> None:
    everything = frozenset({"pg_cron", "pg_partman", "pgaudit", "postgis", "vector"})
    found = group(major, everything)
    assert [name for name in found if is_fixed(name) or parameter(name, major, "postgres") is None] == []
    assert found["shared_preload_libraries"][0] == "pg_cron,pg_stat_statements,pgaudit"


@pytest.mark.parametrize(
    "name, value, entry",
    [
        ("work_mem", "16MB", Entry("work_mem", "16384", "immediate")),
        ("shared_buffers", "1GB", Entry("shared_buffers", "131072", "pending-reboot")),
        (
            "shared_buffers",
            "{DBInstanceClassMemory/32768}",
            Entry("shared_buffers", "{DBInstanceClassMemory/32768}", "pending-reboot"),
        ),
        ("statement_timeout", "30s", Entry("statement_timeout", "30000", "immediate")),
        ("jit", False, Entry("jit", "0", "immediate")),
        ("jit", True, Entry("jit", "1", "pending-reboot")),
        ("random_page_cost", 1.1, Entry("random_page_cost", "1.1", "immediate")),
        ("max_connections", 500, Entry("max_connections", "500", "pending-reboot")),
        ("rds.logical_replication", True, Entry("rds.logical_replication", "1", "pending-reboot")),
        ("rds.log_retention_period", "2d", Entry("rds.log_retention_period", "2880", "immediate")),
        ("cron.max_running_jobs", 10, Entry("cron.max_running_jobs", "10", "pending-reboot")),
        ("auto_explain.log_min_duration", "3s", Entry("auto_explain.log_min_duration", "3000", "immediate")),
        ("pg_hint_plan.enable_hint", "on", Entry("pg_hint_plan.enable_hint", "on", "immediate")),
        ("temp_file_limit", "1GB", Entry("temp_file_limit", "1048576", "immediate")),
    ],
)
def test_a_value_goes_out_in_rdss_units(name: str, value: Any, entry: Entry) -> None:
    assert group(17, **{name: value})[name] == (entry.value, entry.apply_method)


COUNTED = [one for one in catalogue(17).parameters.values() if one.kind == "integer" and one.unit and one.minimum]


@given(st.sampled_from(COUNTED), st.integers(0, 2**30), st.sampled_from(["", "kB", "MB", "GB", "ms", "s", "min", "h"]))
def test_numbers_mean_the_same_in_the_servers_unit(known: Any, amount: int, unit: str) -> None:
    value = f"{amount}{unit}"
    if value_problem(known, value) is None:
        assert whole(rds_value(known, value), known.unit) == whole(value, known.unit)
        assert rds_value(known, value).lstrip("-").isdigit()


@given(st.sampled_from(sorted(catalogue(17).parameters.values(), key=lambda one: one.name)))
def test_what_is_static_or_at_its_default_waits_for_a_reboot(known: Any) -> None:
    if known.default is None or value_problem(known, known.default) is not None:
        return
    assert apply_method(known, known.default) == "pending-reboot"
    other = {"bool": "off" if known.default == "on" else "on"}.get(known.kind)
    if other:
        assert apply_method(known, other) == ("pending-reboot" if known.needs_restart else "immediate")


def test_a_replicas_own_parameters_stand_on_top() -> None:
    found = parameter_values(settings(), overrides={"hot_standby_feedback": "on", "work_mem": "1MB"})
    assert (found["hot_standby_feedback"], found["work_mem"]) == ("on", "1MB")
    assert "hot_standby_feedback" not in parameter_values(settings())


def test_the_platforms_own_values_win() -> None:
    found = parameter_values(settings(parameters={"rds.force_ssl": 1, "password_encryption": "scram-sha-256"}))
    assert (found["rds.force_ssl"], found["log_statement"]) == ("on", "none")


def test_libraries_of_the_stack_join_those_of_the_extensions() -> None:
    assert group(17, frozenset({"pg_cron"}), shared_preload_libraries="auto_explain")["shared_preload_libraries"] == (
        "auto_explain,pg_cron,pg_stat_statements,pgaudit",
        "pending-reboot",
    )


def test_a_library_for_nothing_is_said() -> None:
    asked = settings(parameters={"shared_preload_libraries": "pg_cron, auto_explain, pgaudit"})
    assert idle_libraries(asked, frozenset()) == ["pg_cron"]
    assert idle_libraries(asked, frozenset({"pg_cron"})) == []
