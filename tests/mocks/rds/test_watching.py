"""Logs, alarms, topics, events and the dashboard."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.render.rds_alarms import alarms
from tests.mocks.rds.graph import ACCOUNT, declared
from tests.mocks.rds.stacks import graph, of
from tests.mocks.rds.test_around import policy
from tests.mocks.rds.test_databases import FAR_KEY, KEY, OURS, arn
from tests.unit.settings.rds.stacks import settings

TOPIC, FAR_TOPIC = arn("sns.Topic", "main-alarms"), arn("sns.Topic", "main-eu-west-1-alarms", "eu-west-1")
MEMBERS = {
    "small": {"main": "main-primary"},
    "prod": {"main": "main-primary", "main-replica-1": "main-replica-1", "main-replica-2": "main-replica-2"},
    "regions": {"main": "main-primary", "main-near": "main-near", "main-freed": "main-freed",
                "main-far": "main-eu-west-1-far", "main-below": "main-eu-west-1-below"},
    "cluster": {f"main-instance-{number}": f"main-instance-{number}" for number in (1, 2, 3)},
    "aurora": {f"main-{name}": f"main-{name}" for name in ("writer", "reader", "reports")},
}  # fmt: skip


@pytest.mark.parametrize("stack", MEMBERS)
def test_every_member_has_its_alarms(stack: str) -> None:
    found = graph(stack)[0].of("cloudwatch.MetricAlarm")
    theirs = {
        (one["dimensions"]["DBInstanceIdentifier"], one["metricName"])
        for one in found.values()
        if one["namespace"] == "AWS/RDS"
    }
    assert {member for member, _ in theirs} == MEMBERS[stack].keys()
    lag = {member for member, metric in theirs if metric.endswith("ReplicaLag")}
    followers = {
        "small": set(),
        "prod": {"main-replica-1", "main-replica-2"},
        "regions": {"main-near", "main-far", "main-below"},
        "cluster": set(MEMBERS["cluster"]),
        "aurora": {"main-reader", "main-reports"},
    }[stack]
    assert lag == followers


@pytest.mark.parametrize("stack", ["small", "prod", "cluster", "aurora"])
def test_thresholds_are_those_that_are_counted(stack: str) -> None:
    found, wanted = graph(stack)[0].of("cloudwatch.MetricAlarm"), of(stack)
    member, label = next(iter(MEMBERS[stack].items()))
    for one in alarms(wanted, replica=False):
        inputs = found[f"{label}-{one.metric.replace('%', '')}"]
        statistic = "extendedStatistic" if one.statistic == "p90" else "statistic"
        topic = f"arn:aws:sns:eu-central-1:{ACCOUNT}:team" if stack == "small" else TOPIC
        assert inputs == {
            "alarmDescription": inputs["alarmDescription"],
            "namespace": "AWS/RDS",
            "metricName": one.metric,
            "dimensions": {"DBInstanceIdentifier": member},
            statistic: one.statistic,
            "comparisonOperator": one.comparison,
            "threshold": one.threshold,
            "period": one.period,
            "evaluationPeriods": one.periods,
            "datapointsToAlarm": one.periods,
            "treatMissingData": one.missing,
            "actionsEnabled": True,
            "alarmActions": [topic],
            "okActions": [topic],
            "tags": inputs["tags"],
        }


def test_an_alarm_that_is_turned_off_is_not_made() -> None:
    names = graph("prod")[0].of("cloudwatch.MetricAlarm")
    assert not any("SwapUsage" in name for name in names)
    assert "main-primary-CPUUtilization" in names


def test_alarms_of_another_region_go_to_its_own_topic() -> None:
    inputs = graph("regions")[0]["cloudwatch.MetricAlarm", "main-eu-west-1-far-CPUUtilization"]
    assert (inputs["alarmActions"], inputs["region"]) == ([FAR_TOPIC], "eu-west-1")


def test_topics_are_encrypted_and_only_aws_publishes() -> None:
    found, _ = graph("regions")
    assert found["sns.Topic", "main-alarms"] == {
        "displayName": "PostgreSQL main",
        "kmsMasterKeyId": KEY,
        "tags": OURS,
    }
    assert found["sns.Topic", "main-eu-west-1-alarms"]["kmsMasterKeyId"] == FAR_KEY
    statements = policy(found["sns.TopicPolicy", "main-alarms"]["policy"])
    assert statements["Publishers"]["Principal"] == {
        "Service": ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]
    }
    assert statements["Publishers"]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert statements["OnlyTls"]["Effect"] == "Deny"
    assert graph("small")[0].of("sns.Topic") == {}  # the one that is named


def test_mail_addresses_subscribe() -> None:
    found = graph("prod")[0].of("sns.TopicSubscription")
    assert found == {"main-alarms-1": {"topic": TOPIC, "protocol": "email", "endpoint": "dba@example.com"}}


EVERY = of("prod").rds.alarms.events
EVENTS: list[tuple[str, str, dict[str, Any]]] = [
    ("prod", "main-events-instance",
     {"sourceType": "db-instance", "sourceIds": ["main", "main-replica-1", "main-replica-2"],
      "eventCategories": list(EVERY)}),
    ("prod", "main-events-parameter-group",
     {"sourceType": "db-parameter-group", "sourceIds": ["main-pg17-1a2b3c4"],
      "eventCategories": ["configuration change"]}),
    ("cluster", "main-events-cluster",
     {"sourceType": "db-cluster", "sourceIds": ["main"],
      "eventCategories": ["configuration change", "deletion", "failover", "failure", "maintenance", "notification"]}),
    ("aurora", "main-events-instance",
     {"sourceType": "db-instance", "sourceIds": ["main-writer", "main-reader", "main-reports"],
      "eventCategories": list(EVERY)}),
]  # fmt: skip


@pytest.mark.parametrize("stack, name, expected", EVENTS, ids=[f"{stack} {name}" for stack, name, _ in EVENTS])
def test_events_after_the_topics_policy(stack: str, name: str, expected: dict[str, Any]) -> None:
    found, _ = graph(stack)
    assert found["rds.EventSubscription", name] == {**expected, "snsTopic": TOPIC, "enabled": True, "tags": OURS}
    needed = {urn.rpartition("$")[2] for urn in found.requests["rds.EventSubscription", name].dependencies}
    assert "aws:sns/topicPolicy:TopicPolicy::main-alarms" in needed


def test_what_happens_to_a_proxy_is_told_too() -> None:
    found, _ = declared(settings({"pooler": {"kind": "rds_proxy", "image": None}}))
    inputs = found["rds.EventSubscription", "main-events-proxy"]
    assert (inputs["sourceType"], inputs["sourceIds"]) == (
        "db-proxy",
        [found["rds.ProxyTarget", "main-pooler"]["dbProxyName"]],
    )
    assert inputs["eventCategories"] == ["configuration change", "deletion", "failure"]


@pytest.mark.parametrize(
    "stack, name, group",
    [
        ("prod", "main-log-upgrade", "/aws/rds/instance/main/upgrade"),
        ("prod", "main-replica-2-log-postgresql", "/aws/rds/instance/main-replica-2/postgresql"),
        ("cluster", "main-log-iam-db-auth-error", "/aws/rds/cluster/main/iam-db-auth-error"),
    ],
)
def test_log_groups_end_and_are_encrypted(stack: str, name: str, group: str) -> None:
    assert graph(stack)[0]["cloudwatch.LogGroup", name] == {
        "name": group,
        "retentionInDays": 365,
        "kmsKeyId": KEY,
        "skipDestroy": True,
        "tags": OURS,
    }


def test_the_dashboard_shows_every_member_of_every_region() -> None:
    found = graph("regions")[0]["cloudwatch.Dashboard", "main-dashboard"]
    assert found["dashboardName"] == "main"
    widgets = json.loads(found["dashboardBody"])["widgets"]
    cpu = next(one for one in widgets if one["properties"].get("title") == "CPU (%)")
    rows = {(row[3], row[4]["region"]) for row in cpu["properties"]["metrics"]}
    assert rows == {
        ("main", "eu-central-1"),
        ("main-near", "eu-central-1"),
        ("main-freed", "eu-central-1"),
        ("main-far", "eu-west-1"),
        ("main-below", "eu-west-1"),
    }
    assert len({(one["x"], one["y"]) for one in widgets}) == len(widgets)
    assert graph("small")[0].of("cloudwatch.Dashboard") == {}
