"""What goes into log groups, alarms, topics and event subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from components.rds.arguments import Arguments, given, tags
from components.rds.arguments_security import PUBLISHERS, document
from components.render.rds_alarms import Alarm, alarms
from components.settings.model import Settings
from components.settings.rds.exports import log_exports
from components.settings.rds.replicas import identifier

# AWS's categories of a cluster are others than those of an instance (DescribeEventCategories).
OF_CLUSTERS = frozenset(
    {"configuration change", "creation", "deletion", "failover", "failure", "global-failover", "maintenance"}
    | {"migration", "notification", "serverless"}
)
OF_GROUPS = ("configuration change",)
OF_PROXIES = frozenset({"configuration change", "creation", "deletion", "failure"})


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A member that is watched. `label` is part of resource names."""

    label: str
    identifier: str
    instance_class: str
    replica: bool


def log_groups(settings: Settings, name: str, kind: str, key: Any) -> Iterator[tuple[str, Arguments]]:
    """(export, log group) of an instance or cluster (`kind`), made first, since RDS's own would never end."""
    for export in log_exports(settings):
        yield (
            export,
            given(
                {
                    "name": f"/aws/rds/{kind}/{name}/{export}",
                    "retentionInDays": settings.rds.logs.retention,
                    "kmsKeyId": key,
                    "skipDestroy": settings.rds.logs.keep_after_deletion,
                    "tags": tags(settings),
                }
            ),
        )


def topic(settings: Settings, key: Any) -> Arguments:
    """Alarms and events of a region. AWS's managed key would shut CloudWatch out, so without a key of ours none is."""
    return given({"displayName": f"PostgreSQL {identifier(settings)}", "kmsMasterKeyId": key, "tags": tags(settings)})


def topic_policy(account: str, topic_arn: str) -> str:
    """CloudWatch and RDS of this account may publish, over TLS."""
    publish = {"Action": "sns:Publish", "Resource": topic_arn}
    return document(
        [
            {
                "Sid": "Publishers",
                "Effect": "Allow",
                "Principal": {"Service": list(PUBLISHERS)},
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                **publish,
            },
            {
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                **publish,
            },
        ]
    )


def member_alarms(settings: Settings, member: Watched, topic_arn: Any) -> Iterator[tuple[str, Arguments]]:
    """(label, alarm) of one member."""
    for one in alarms(settings, member.instance_class, replica=member.replica):
        yield f"{member.label}-{one.metric.replace('%', '')}", _alarm(settings, one, member.identifier, topic_arn)


def _alarm(settings: Settings, one: Alarm, member: str, topic_arn: Any) -> Arguments:
    percentile = one.statistic.startswith("p")
    return {
        "alarmDescription": f"{one.metric} of {member} (docs/runbooks)",
        "namespace": "AWS/RDS",
        "metricName": one.metric,
        "dimensions": {"DBInstanceIdentifier": member},
        "extendedStatistic" if percentile else "statistic": one.statistic,
        "comparisonOperator": one.comparison,
        "threshold": one.threshold,
        "period": one.period,
        "evaluationPeriods": one.periods,
        "datapointsToAlarm": one.periods,
        "treatMissingData": one.missing,
        "actionsEnabled": True,
        "alarmActions": [topic_arn],
        "okActions": [topic_arn],
        "tags": tags(settings),
    }


def events(settings: Settings, topic_arn: Any, source: str, ids: Sequence[Any]) -> Arguments:
    """Events of instances, clusters, parameter groups or proxies (`source` is RDS's source type)."""
    asked = list(settings.rds.alarms.events)
    categories = {
        "db-cluster": [one for one in asked if one in OF_CLUSTERS],
        "db-parameter-group": list(OF_GROUPS),
        "db-proxy": [one for one in asked if one in OF_PROXIES],
    }.get(source, asked)
    return {
        "snsTopic": topic_arn,
        "sourceType": source,
        "sourceIds": list(ids),
        "eventCategories": categories,
        "enabled": True,
        "tags": tags(settings),
    }
