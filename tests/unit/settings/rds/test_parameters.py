"""Parameters and extensions as RDS has them."""

from __future__ import annotations

import pytest

from components.settings.catalogue import rds_parameters as data
from components.settings.rds.rules.parameters import extension_problems, given_extensions, unlisted_extensions
from tests.unit.settings.rds.stacks import advised, problems

FIXED = "cannot be set: RDS sets it and lets nobody change it; remove it"
CLASS = {"instance_class": "db.r6g.large"}


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("work_men", "1MB", "RDS's parameter groups of postgres17 have no such parameter; did you mean work_mem?"),
        (
            "rds.force_sll",
            1,
            "RDS's parameter groups of postgres17 have no such parameter; did you mean rds.force_ssl?",
        ),
        (
            "app.tenant",
            "x",
            "RDS's parameter groups of postgres17 have none of that name; set it for a role in its access spec",
        ),
        ("rds.force_ssl", False, "found 'off'; allowed is on: every connection uses TLS"),
        (
            "rds.accepted_password_auth_method",
            "md5+scram",
            "found 'md5+scram'; allowed is scram: logins are SCRAM only",
        ),
        ("password_encryption", "md5", "found 'md5'; allowed is scram-sha-256: logins are SCRAM only"),
        ("wal_level", "logical", "cannot be set on RDS; set rds.logical_replication to on instead, or remove it"),
        ("fsync", "off", FIXED),
        ("listen_addresses", "*", FIXED),
        ("ssl", "off", FIXED),
        ("superuser_reserved_connections", 5, FIXED),
        ("rds.extensions", "vector", FIXED),
        ("cron.use_background_workers", "on", FIXED),
        ("hot_standby", "off", FIXED),
        ("archive_command", "cp", FIXED),
        ("synchronous_standby_names", "*", FIXED),
        (
            "log_statement",
            "ddl",
            "cannot be set: statement texts in the log would hold passwords in clear; use the extension pgaudit,"
            " which hides"
            " them; remove it",
        ),
        (
            "work_mem",
            "16kb",
            "found '16kb'; allowed is a number, counted in kB, or with one of the units B, kB, MB, GB, TB"
            " (upper and lower case matter)",
        ),
        ("work_mem", "1kB", "found '1kB'; allowed is 64 to 2147483647 in kB"),
        ("jit", "maybe", "found 'maybe'; allowed is on or off"),
        (
            "rds.log_retention_period",
            "1d12",
            "found '1d12'; allowed is a number, counted in min, or with one of the units"
            " us, ms, s, min, h, d (upper and lower case matter)",
        ),
        ("rds.log_retention_period", 60, "found '60'; allowed is 1440 to 10080 in min"),
        ("pgaudit.role", "auditor", "found 'auditor'; allowed is one of rds_pgaudit"),
        ("rds.pg_stat_ramdisk_size", 1, "RDS's parameter groups of postgres17 have no such parameter"),
        (
            "synchronous_commit",
            "local",
            "found 'local'; allowed is on or remote_apply: durability zero-loss promises that an"
            " acknowledged commit survives",
        ),
    ],
)
def test_what_a_group_refuses_is_told(name: str, value: object, message: str) -> None:
    assert problems(parameters={name: value}) == {f"parameters.{name}": message}


def test_libraries_that_rds_cannot_preload_are_told() -> None:
    found = problems(parameters={"shared_preload_libraries": "auto_explain,timescaledb,pg_partman_bgw"})
    assert found["parameters.shared_preload_libraries"].startswith(
        "found pg_partman_bgw, timescaledb; RDS can preload auto_explain, orafce, "
    )


@pytest.mark.parametrize(
    "name, value",
    [
        ("work_mem", "16MB"),
        ("shared_buffers", "{DBInstanceClassMemory/32768}"),
        ("max_connections", "LEAST({DBInstanceClassMemory/9531392},5000)"),
        ("rds.force_ssl", 1),
        ("rds.logical_replication", True),
        ("max_wal_senders", 3),  # Patroni's floors are not RDS's
        ("pg_hint_plan.enable_hint", "on"),
        ("auto_explain.log_min_duration", "3s"),
        ("shared_preload_libraries", "auto_explain, pg_hint_plan"),
    ],
)
def test_what_a_group_takes_passes(name: str, value: object) -> None:
    assert problems(parameters={name: value}) == {}


def test_a_replicas_parameters_are_checked_too() -> None:
    assert problems({"replicas": [{"name": "a", "parameters": {"work_men": "1MB"}}]}) == {
        "rds.replicas.0.parameters.work_men": "RDS's parameter groups of postgres17 have no such parameter; did"
        " you mean"
        " work_mem?"
    }


def test_auroras_own_parameters_are_auroras() -> None:
    assert problems({"topology": "aurora"}, parameters={"rds.enable_plan_management": True}) == {}
    assert (
        "no such parameter"
        in problems(parameters={"rds.enable_plan_management": True})["parameters.rds.enable_plan_management"]
    )


def test_what_rds_sizes_itself_is_better_left_out() -> None:
    assert advised(parameters={"max_connections": 500}) == {
        "parameters.max_connections": "is 500; RDS sizes it by the class, and with too much the instance does not"
        " start;"
        " better leave it out"
    }
    assert advised(parameters={"shared_buffers": "{DBInstanceClassMemory/32768}"}) == {}


def test_timescaledb_is_told_with_the_platforms_that_have_it() -> None:
    assert dict(extension_problems([("timescaledb", False), ("vector", False), ("citus", True)])) == {
        "timescaledb": "Amazon RDS has no timescaledb; the platforms embedded and kubernetes have it where the server's"
        " packages do; use one of them, remove it, or mark it optional: true"
    }


def test_optional_extensions_are_left_out() -> None:
    assert given_extensions(["timescaledb", "vector", "pg_cron"]) == {"vector", "pg_cron"}


def test_an_extension_that_nobody_lists_is_said() -> None:
    assert unlisted_extensions(["vector", "brand_new", "timescaledb"], 17) == ["brand_new"]


@pytest.mark.parametrize("major", range(14, 19))
def test_what_the_systems_ask_for_is_there(major: int) -> None:
    asked = {
        "pgcrypto",
        "pg_stat_statements",
        "pg_cron",
        "pgaudit",
        "vector",
        "postgis",
        "citext",
        "uuid-ossp",
        "pg_trgm",
    }
    assert asked <= data.extensions(major)
    assert not data.extensions(major) & data.absent_extensions()
