"""What is measured, kept and told: monitoring, logs, alarms, events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Strict

from components.settings.fields import Section, setting
from components.settings.rds.fields import Texts, Truth, Whole

LogExport = Literal["postgresql", "upgrade", "iam-db-auth-error"]
LogExports = Annotated[
    tuple[LogExport, ...], BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)
]
Threshold = Annotated[float, Strict()]

EVENTS = (
    "availability",
    "configuration change",
    "deletion",
    "failover",
    "failure",
    "low storage",
    "maintenance",
    "notification",
    "read replica",
    "recovery",
    "restoration",
    "security",
    "security patching",
)


class MonitoringSettings(Section):
    """Enhanced monitoring and Database Insights."""

    interval: Whole = setting(
        60, cost="at once", unit="seconds", description="Enhanced monitoring: 0 (off), 1, 5, 10, 15, 30 or 60."
    )
    insights: Literal["standard", "advanced", "off"] = setting(
        "standard",
        cost="at once",
        description="Database Insights. advanced adds lock diagnostics and plans, and keeps 465 days.",
    )
    insights_retention: Whole | None = setting(
        None, unit="days", cost="at once",
        description="7, a multiple of 31 up to 713, or 731. Default: 7, with advanced 465.",
    )  # fmt: skip

    @property
    def insights_days(self) -> int:
        """performance_insights_retention_period, the default filled in."""
        return self.insights_retention or (465 if self.insights == "advanced" else 7)


class LogSettings(Section):
    """Log groups are made before the instance, or RDS would make them without an end."""

    exports: LogExports = setting(
        ("postgresql", "upgrade", "iam-db-auth-error"),
        cost="at once",
        description="Which logs go to CloudWatch. For topology cluster and Aurora those that they have.",
    )
    retention: Whole = setting(
        365, unit="days", cost="at once",
        description="How long CloudWatch keeps them: one of its own steps (1, 3, 5, 7, 14, 30, ... 365, ... 3653).",
    )  # fmt: skip
    keep_after_deletion: Truth = setting(
        True, cost="nothing restarts", description="The log groups outlive the stack, as evidence."
    )


class AlarmOverride(Section):
    """What one alarm has otherwise than the default."""

    enabled: Truth = setting(True, cost="at once", description="false: this alarm is not made.")
    threshold: Threshold | None = setting(
        None, cost="at once", description="In the metric's own unit. Default: counted from class and storage."
    )
    period: Whole | None = setting(
        None, ge=10, le=86400, unit="seconds", cost="at once", description="Length of a period."
    )
    periods: Whole | None = setting(
        None, ge=1, le=1440, cost="at once", description="How many periods in a row it takes."
    )


class AlarmSettings(Section):
    """CloudWatch alarms, to one topic together with RDS's events."""

    enabled: Truth = setting(True, cost="at once", description="Alarms and events.")
    topic: str | None = setting(
        None, cost="at once", description="ARN of an existing SNS topic. Default: one is made, encrypted."
    )
    email: Texts = setting((), cost="at once", description="Addresses that subscribe; each has to confirm by mail.")
    overrides: Mapping[str, AlarmOverride] = setting(
        {}, cost="at once", description="By metric, such as CPUUtilization or ReplicaLag."
    )
    events: Texts = setting(EVENTS, cost="at once", description="Categories of events of instances that are told.")
