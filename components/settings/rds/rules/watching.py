"""Monitoring, Insights, logs and alarms, in the steps that AWS has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.nearest import nearest
from components.settings.rds.rules.places import TOPIC_ARN
from components.settings.rds.watching import EVENTS

INTERVALS = (0, 1, 5, 10, 15, 30, 60)
ADVANCED_DAYS = 465
INSIGHTS_DAYS = frozenset({7, 731} | {31 * months for months in range(1, 24)})
# CloudWatch Logs' PutRetentionPolicy.
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

METRICS = (
    "AuroraReplicaLag",
    "CPUCreditBalance",
    "CPUUtilization",
    "DBLoad",
    "DatabaseConnections",
    "EBSByteBalance%",
    "EBSIOBalance%",
    "FreeStorageSpace",
    "FreeableMemory",
    "MaximumUsedTransactionIDs",
    "OldestReplicationSlotLag",
    "ReadLatency",
    "ReplicaLag",
    "SwapUsage",
    "TransactionLogsDiskUsage",
    "WriteLatency",
)


def monitoring(settings: Settings) -> Iterator[Finding]:
    """Enhanced monitoring's intervals, and Insights' days."""
    asked, path = settings.rds.monitoring, ("rds", "monitoring")
    if asked.interval not in INTERVALS:
        yield Finding(
            (*path, "interval"), f"found {asked.interval}; allowed is one of {', '.join(map(str, INTERVALS))}"
        )
    days = asked.insights_retention
    if days is None:
        return
    if asked.insights == "off":
        yield Finding((*path, "insights_retention"), f"found {days} while insights is off; remove it")
    elif asked.insights == "advanced" and days != ADVANCED_DAYS:
        yield Finding(
            (*path, "insights_retention"),
            f"found {days}; insights advanced keeps {ADVANCED_DAYS} days; set {ADVANCED_DAYS}, or remove it",
        )
    elif days not in INSIGHTS_DAYS:
        below = max((one for one in INSIGHTS_DAYS if one <= days), default=7)
        above = min((one for one in INSIGHTS_DAYS if one >= days), default=731)
        yield Finding(
            (*path, "insights_retention"),
            f"found {days}; allowed are 7, multiples of 31 up to 713, and 731; nearest are {below} and {above}",
        )


def logs(settings: Settings) -> Iterator[Finding]:
    """CloudWatch keeps logs for certain numbers of days only."""
    days = settings.rds.logs.retention
    if days not in LOG_DAYS:
        yield Finding(
            ("rds", "logs", "retention"), f"found {days}; CloudWatch allows {', '.join(map(str, LOG_DAYS))} days"
        )
    if "postgresql" not in settings.rds.logs.exports and settings.rds.environment == "production":
        yield Finding(("rds", "logs", "exports"), "has no postgresql, the server's log and the audit's; add it")


def alarms(settings: Settings) -> Iterator[Finding]:
    """A topic of this region, addresses, and metrics that RDS has."""
    asked, path = settings.rds.alarms, ("rds", "alarms")
    if asked.topic is not None:
        match = TOPIC_ARN.fullmatch(asked.topic)
        if match is None:
            yield Finding((*path, "topic"), f"found {asked.topic!r}; allowed is the ARN of an SNS topic")
        elif settings.rds.region and match[1] != settings.rds.region:
            yield Finding((*path, "topic"), f"found a topic of {match[1]}; alarms need one of {settings.rds.region}")
    for index, address in enumerate(asked.email):
        if not EMAIL.fullmatch(address):
            yield Finding((*path, "email", str(index)), f"found {address!r}; allowed is a mail address")
    for metric in asked.overrides:
        if metric not in METRICS:
            like = nearest(metric, METRICS) or _folded(metric)
            meant = f"; did you mean {like}?" if like else f"; known are {', '.join(METRICS)}"
            yield Finding((*path, "overrides", metric), f"there is no alarm on it{meant}")
    for index, category in enumerate(asked.events):
        if category not in EVENTS:
            like = nearest(category, EVENTS)
            meant = f"; did you mean {like!r}?" if like else f"; known are {', '.join(EVENTS)}"
            yield Finding((*path, "events", str(index)), f"found {category!r}, which is no category of events{meant}")


def _folded(metric: str) -> str | None:
    """The metric whatever the case."""
    by_case = {known.lower(): known for known in METRICS}
    like = nearest(metric, by_case)
    return by_case[like] if like else None


RULES = (monitoring, logs, alarms)
