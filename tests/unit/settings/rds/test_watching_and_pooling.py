"""Monitoring, logs, alarms and the pooler."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.rds.rules.pooling import FARGATE, connections
from components.settings.rds.rules.watching import INSIGHTS_DAYS
from tests.unit.settings.rds.stacks import advised, problems, settings

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"


@pytest.mark.parametrize(
    "rds, path, message",
    [
        pytest.param(
            {"monitoring": {"interval": 20}},
            "rds.monitoring.interval",
            "found 20; allowed is one of 0, 1, 5, 10, 15, 30, 60",
            id="interval",
        ),
        pytest.param(
            {"monitoring": {"insights_retention": 30}},
            "rds.monitoring.insights_retention",
            "found 30; allowed are 7, multiples of 31 up to 713, and 731; nearest are 7 and 31",
            id="days of Insights",
        ),
        pytest.param(
            {"monitoring": {"insights": "advanced", "insights_retention": 31}},
            "rds.monitoring.insights_retention",
            "found 31; insights advanced keeps 465 days; set 465, or remove it",
            id="days of advanced",
        ),
        pytest.param(
            {"monitoring": {"insights": "off", "insights_retention": 7}},
            "rds.monitoring.insights_retention",
            "found 7 while insights is off; remove it",
            id="days of nothing",
        ),
        pytest.param(
            {"logs": {"retention": 100}},
            "rds.logs.retention",
            "found 100; CloudWatch allows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096,"
            " 1827, 2192,"
            " 2557, 2922, 3288, 3653 days",
            id="days of logs",
        ),
        pytest.param(
            {"logs": {"exports": ["upgrade"]}},
            "rds.logs.exports",
            "has no postgresql, the server's log and the audit's; add it",
            id="no log",
        ),
        pytest.param(
            {"logs": {"exports": ["postgres"]}},
            "rds.logs.exports.0",
            'found "postgres"; allowed is one of postgresql, upgrade, iam-db-auth-error; did you mean postgresql?',
            id="unknown log",
        ),
        pytest.param(
            {"alarms": {"topic": "alarms"}},
            "rds.alarms.topic",
            "found 'alarms'; allowed is the ARN of an SNS topic",
            id="no topic",
        ),
        pytest.param(
            {"alarms": {"topic": TOPIC.replace("central", "west")}},
            "rds.alarms.topic",
            "found a topic of eu-west-1; alarms need one of eu-central-1",
            id="topic of another region",
        ),
        pytest.param(
            {"alarms": {"email": ["ops"]}},
            "rds.alarms.email.0",
            "found 'ops'; allowed is a mail address",
            id="no address",
        ),
        pytest.param(
            {"alarms": {"overrides": {"CpuUtilization": {"threshold": 80.0}}}},
            "rds.alarms.overrides.CpuUtilization",
            "there is no alarm on it; did you mean CPUUtilization?",
            id="no metric",
        ),
        pytest.param(
            {"alarms": {"events": ["failovr"]}},
            "rds.alarms.events.0",
            "found 'failovr', which is no category of events; did you mean 'failover'?",
            id="no event",
        ),
        pytest.param(
            {"pooler": {"image": None}},
            "rds.pooler.image",
            "is missing; name an image of PgBouncer by its digest (name@sha256:...), or set kind to rds_proxy or none",
            id="no image",
        ),
        pytest.param(
            {"pooler": {"image": "pgbouncer:latest"}},
            "rds.pooler.image",
            "found 'pgbouncer:latest'; allowed is an image by its digest: name@sha256:<64 digits>",
            id="image that can change",
        ),
        pytest.param(
            {"pooler": {"memory": 512}},
            "rds.pooler.memory",
            "found 512; Fargate gives 512 CPU units 1024 to 4096 MiB in its steps; nearest is 1024",
            id="memory",
        ),
        pytest.param(
            {"pooler": {"tasks": 10}}, "rds.pooler.tasks", "found 10; allowed is max_tasks (9) or less", id="tasks"
        ),
        pytest.param(
            {"instance_class": "db.t4g.small"},
            "pooler.default_pool_size",
            "found 20, with the reserve 25 server connections for one pool of each of 9 tasks, 225 together;"
            " db.t4g.small"
            " has about 191; lower it or rds.pooler.max_tasks, or take a larger class",
            id="more connections than the class has",
        ),
    ],
)
def test_what_aws_does_not_have_is_told(rds: dict[str, Any], path: str, message: str) -> None:
    assert problems(rds) == {path: message}


@pytest.mark.parametrize("days", sorted(INSIGHTS_DAYS))
def test_insights_keeps_certain_days(days: int) -> None:
    assert problems({"monitoring": {"insights_retention": days}}) == {}


@pytest.mark.parametrize(
    "cpu, memory", [(cpu, memory) for cpu, sizes in FARGATE.items() for memory in (sizes[0], sizes[-1])]
)
def test_fargates_sizes_pass(cpu: int, memory: int) -> None:
    assert problems({"pooler": {"cpu": cpu, "memory": memory}}) == {}


def test_advanced_insights_keep_465_days() -> None:
    assert settings({"monitoring": {"insights": "advanced"}}).rds.monitoring.insights_days == 465


def test_a_small_class_has_as_few_connections_as_was_seen() -> None:
    assert connections(settings({"instance_class": "db.t4g.small", "pooler": {"max_tasks": 7}})) == 191


def test_the_stacks_own_max_connections_counts() -> None:
    assert connections(settings(parameters={"max_connections": 300})) == 300
    found = problems(parameters={"max_connections": 100})
    assert found["pooler.default_pool_size"].startswith("found 20, with the reserve 25 server connections")


def test_the_placeholder_of_the_example_is_told() -> None:
    image = "registry.example.com/pgbouncer@sha256:" + "0" * 64
    assert advised({"pooler": {"image": image}})["rds.pooler.image"].startswith("is a placeholder, and no task")
    assert "rds.pooler.image" not in advised()


def test_other_poolers_need_no_image() -> None:
    for kind in ("rds_proxy", "none"):
        assert problems({"pooler": {"kind": kind, "image": None}}) == {}
