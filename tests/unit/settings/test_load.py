"""A stack's configuration becomes Settings, or one report of everything that is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.settings.load import load
from components.settings.model import DEFAULT_ACCESS, Settings
from components.settings.problems import Problem, SettingsError
from components.settings.source import Source

SEED = {"ttl": 30, "loop_wait": 10, "retry_timeout": 30}


def problems(major: int | None = 15, **config: Any) -> dict[str, str]:
    """Message by path of what is wrong with an embedded stack of these settings."""
    with pytest.raises(SettingsError) as caught:
        load({"platform": "embedded"} | config, default_major=major)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_defaults_are_a_whole_cluster() -> None:
    settings = load({"platform": "embedded"}, default_major=15)
    assert (settings.name, settings.major, settings.members, settings.durability) == ("main", 15, 3, "zero-loss")
    patroni = settings.patroni
    assert (patroni.ttl, patroni.loop_wait, patroni.retry_timeout, patroni.primary_start_timeout) == (20, 1, 9, 0)
    assert settings.access == DEFAULT_ACCESS


def test_pulumis_texts_are_read_as_what_they_hold() -> None:
    config = {
        "postgres-platform:platform": "embedded",
        "postgres-platform:name": "15",
        "postgres-platform:replicas": "3",
        "postgres-platform:parameters": '{"work_mem": "16MB", "jit": false, "max_connections": 200}',
        "postgres-platform:secrets": '{"app": "p4ss"}',
        "postgres-platform:access": '["a.yaml"]',
        "aws:region": "eu-central-1",
    }
    with pytest.raises(SettingsError, match="name: found"):
        load(config)  # the name is a text and stays one, also when it looks like a number
    settings = load(config | {"postgres-platform:name": "fifteen"}, default_major=15)
    assert (settings.replicas, settings.access) == (3, ("a.yaml",))
    assert dict(settings.parameters) == {"work_mem": "16MB", "jit": "off", "max_connections": "200"}
    assert settings.secrets["app"].get_secret_value() == "p4ss"


def test_a_major_version_of_the_stack_wins_over_the_installed_one() -> None:
    assert load({"platform": "embedded", "major": 14}, default_major=15).known_major == 14
    with pytest.raises(ValueError, match="not decided"):
        _ = load({"platform": "embedded"}).known_major


@pytest.mark.parametrize(
    "platform, timing, ttl", [("embedded", "fast", 20), ("kubernetes", "normal", 30), ("rds", "normal", 30)]
)
def test_each_platform_has_its_timing(platform: str, timing: str, ttl: int) -> None:
    rds = {"region": "eu-central-1", "pooler": {"kind": "none"}}  # what only a stack can say, read on rds alone
    patroni = load({"platform": platform, "rds": rds}, default_major=15).patroni
    assert (patroni.timing, patroni.ttl) == (timing, ttl)


def test_single_times_stand_on_top_of_a_preset() -> None:
    patroni = load({"platform": "embedded", "patroni": {"timing": "wide", "loop_wait": 5}}, default_major=15).patroni
    assert (patroni.ttl, patroni.loop_wait, patroni.retry_timeout, patroni.primary_stop_timeout) == (60, 5, 20, 300)


def test_the_seeds_timing_is_refused_with_the_nearest_valid_values() -> None:
    message = problems(patroni=SEED)["patroni.ttl"]
    assert "10 + 2 * 30 = 70 > 30" in message
    assert "raise ttl to 70" in message
    assert "or take ttl 30, loop_wait 10, retry_timeout 10" in message
    assert "Patroni itself would silently run with ttl 30, loop_wait 1, retry_timeout 14" in message


@pytest.mark.parametrize(
    "config, path, message",
    [
        pytest.param({"platform": "embeded"}, "platform", 'found "embeded"; allowed is one of embedded,'
                     ' kubernetes, rds;'
                     " did you mean embedded?", id="nearest value"),
        pytest.param({"replica": 2}, "replica", "there is no such setting; did you mean replicas? known here: platform,"
                     " name, major, replicas, durability, parameters, patroni, pooler, backup, restore, embedded,"
                     " kubernetes, rds, access,"
                     " secrets, allow",
                     id="nearest key"),
        pytest.param({"replicas": 5}, "replicas", "found 5; allowed is a whole number from 0 to 4", id="range"),
        pytest.param({"replicas": True}, "replicas", "found true; allowed is a whole number from 0 to 4", id="truth"),
        pytest.param({"replicas": "many"}, "replicas", 'found "many"; allowed is a whole number from 0 to 4',
                     id="type"),
        pytest.param({"major": 13}, "major", "found 13; allowed is a whole number from 14 to 18", id="old version"),
        pytest.param({"name": "Main"}, "name", 'found "Main"; allowed is a text that matches'
                     " ^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$", id="name"),
        pytest.param({"patroni": 5}, "patroni", "found 5; allowed is a mapping of timing, ttl, loop_wait,"
                     " retry_timeout,"
                     " primary_start_timeout, primary_stop_timeout, maximum_lag_on_failover", id="no mapping"),
        pytest.param({"patroni": {"ttl": 19}}, "patroni.ttl", "found 19; allowed is a whole number from 20 to 3600",
                     id="ttl"),
        pytest.param({"pooler": {"pool_mode": "transactions"}}, "pooler.pool_mode", 'found "transactions"; allowed is'
                     " one of transaction, session, statement; did you mean transaction?", id="pool mode"),
        pytest.param({"embedded": {"ports": {"writer": 80}}}, "embedded.ports.writer", "found 80; allowed is a whole"
                     " number from 1024 to 65535", id="privileged port"),
        pytest.param({"access": "a.yaml"}, "access", 'found "a.yaml"; allowed is a list of texts', id="no list"),
        pytest.param({"access": ["a.sql"]}, "access.0", "found 'a.sql'; allowed is the path of a .yaml file, such as"
                     " sql/faevision/access.yaml", id="no YAML"),
        pytest.param({"access": ["a.yaml", "a.yaml"]}, "access.1", "found 'a.yaml' for the second time; name"
                     " each access"
                     " spec once", id="twice"),
        pytest.param({"parameters": {"work_mem": [1]}}, "parameters.work_mem", "found [1]; allowed is a text or a whole"
                     " number or a number or true or false", id="parameter as list"),
        pytest.param({"replicas": 1}, "replicas", "found 1; durability zero-loss needs at least 2 replicas (3 members),"
                     " because a commit waits for a replica and must not stop when one is lost; set replicas to 2 or"
                     " more, or durability to balanced", id="zero-loss"),
        pytest.param({"replicas": 0, "durability": "balanced"}, "replicas", "found 0; durability balanced needs"
                     " at least"
                     " 1 replica; set replicas to 1 or more, or durability to asynchronous", id="balanced"),
        pytest.param({"pooler": {"default_pool_size": 90}}, "pooler.default_pool_size", "found 90, with"
                     " reserve_pool_size 95 server connections for one pool; the server has 87 for clients"
                     " (max_connections less what is reserved); lower it to 82 or less, or raise"
                     " parameters.max_connections", id="pool too large"),
        pytest.param({"pooler": {"min_pool_size": 21}}, "pooler.min_pool_size", "found 21; allowed is 0 to"
                     " default_pool_size (20)", id="minimum above the pool"),
        pytest.param({"embedded": {"directory": "~/db"}}, "embedded.directory", "found '~/db'; allowed is a"
                     " path without"
                     " ~ at its start, without quotes, backslashes and control characters", id="home"),
        pytest.param({"secrets": {"app": ""}}, "secrets.app", "is empty; set a password, or remove it and one is"
                     " generated", id="empty secret"),
        pytest.param({"secrets": {"app": "x\n"}}, "secrets.app", "holds a control character (a line end"
                     " perhaps); set it"
                     " without", id="line end"),
        pytest.param({"parameters": {"max_wal_senders": 3}}, "parameters.max_wal_senders", "found 3; 2 replicas need at"
                     " least 4; raise it or lower replicas", id="senders"),
    ],
)  # fmt: skip
def test_a_problem_says_found_and_allowed(config: dict[str, Any], path: str, message: str) -> None:
    assert problems(**config) == {path: message}


def test_what_is_missing_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        load({}, default_major=15)
    assert caught.value.problems == [
        Problem("platform", "is missing; allowed is one of embedded, kubernetes, rds"),
    ]


def test_all_problems_come_at_once_also_between_settings() -> None:
    found = problems(
        nme="x", replicas=1, patroni=SEED | {"tll": 3}, parameters={"work_men": "1MB", "port": 1}, pooler={"x": 1}
    )
    assert set(found) == {
        "nme", "replicas", "patroni.tll", "patroni.ttl", "parameters.work_men", "parameters.port", "pooler.x",
    }  # fmt: skip


def test_the_report_names_file_and_line_in_the_files_order() -> None:
    text = """config:
  postgres-platform:platform: embedded
  postgres-platform:replicas: 9
  postgres-platform:parameters:
    work_mem: 1 MiB
    jitt: off
  postgres-platform:patroni:
    ttl: 30
    loop_wait: 10
    retry_timeout: 30
"""
    config = {key: json.dumps(value) for key, value in yaml.safe_load(text)["config"].items()}
    config["postgres-platform:platform"] = "embedded"
    with pytest.raises(SettingsError) as caught:
        load(config, Source.parse(text, "Pulumi.local.yaml"), default_major=15)
    assert [(problem.line, problem.path) for problem in caught.value.problems] == [
        (3, "replicas"),
        (5, "parameters.work_mem"),
        (6, "parameters.jitt"),
        (8, "patroni.ttl"),
    ]
    report = str(caught.value)
    assert report.startswith(
        "4 problems in the settings; nothing was changed:\n  Pulumi.local.yaml:3: replicas: found 9;"
    )


@pytest.mark.parametrize(
    "secrets", [{"app": ["hunter2"]}, {"app": {"deep": "hunter2"}}, ["hunter2"], "hunter2", '{"app": "hunter2\\n"}']
)
def test_a_secret_is_in_no_message(secrets: Any) -> None:
    assert "hunter2" not in str(problems(secrets=secrets))


def test_a_secret_is_in_no_text_of_the_settings() -> None:
    settings = load({"platform": "embedded", "secrets": {"app": "hunter2"}}, default_major=15)
    for text in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "hunter2" not in text


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*Settings.model_fields, "other"]), PLAIN))
def test_whatever_is_given_ends_in_settings_or_a_report(config: dict[str, Any]) -> None:
    try:
        load(config)
    except SettingsError as error:
        assert error.problems
