"""CloudWatch alarms of one member, with thresholds counted from its class and storage.

AWS's own recommendations (as its documentation tools publish them), with three changes: storage that grows by itself
warns at 5 %, because RDS grows it at 10 % and less means that growth failed; replication slots and WAL on the disk
have a threshold, for which AWS gives none; an Aurora cluster has no volume of its own to watch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from components.settings.catalogue.rds_classes import GIB, is_burstable, size
from components.settings.model import Settings
from components.settings.rds.rules.pooling import connections
from components.settings.rds.watching import AlarmOverride

Missing = Literal["breaching", "missing", "notBreaching"]
Comparison = Literal["GreaterThanThreshold", "LessThanThreshold"]

MIB = 1024**2
ABOVE: Comparison = "GreaterThanThreshold"
BELOW: Comparison = "LessThanThreshold"
LAG = 60  # seconds


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm on a metric of AWS/RDS. `statistic` is CloudWatch's (Average, p90); `period` in seconds."""

    metric: str
    statistic: str
    comparison: Comparison
    threshold: float
    period: int = 60
    periods: int = 5
    missing: Missing = "missing"


def alarms(settings: Settings, instance_class: str | None = None, *, replica: bool = False) -> list[Alarm]:
    """The alarms of the primary, or of a replica, whose class may be its own; sorted by metric, overrides applied."""
    if not settings.rds.alarms.enabled:
        return []
    own = instance_class or settings.rds.instance_class
    found = [*_load(settings, own), *_storage(settings), *_replication(settings, replica)]
    overrides = settings.rds.alarms.overrides
    kept = [_overridden(alarm, overrides.get(alarm.metric)) for alarm in found]
    return sorted((alarm for alarm in kept if alarm is not None), key=lambda alarm: alarm.metric)


def _overridden(alarm: Alarm, override: AlarmOverride | None) -> Alarm | None:
    if override is None:
        return alarm
    if not override.enabled:
        return None
    given = override.model_dump(include={"threshold", "period", "periods"}, exclude_none=True)
    return replace(alarm, **given)


def _load(settings: Settings, instance_class: str) -> Iterator[Alarm]:
    known, limit = size(instance_class), connections(settings, instance_class)
    yield Alarm(metric="CPUUtilization", statistic="Average", comparison=ABOVE, threshold=90, missing="breaching")
    if limit is not None:
        threshold = round(limit * 0.9)
        yield Alarm(
            metric="DatabaseConnections",
            statistic="Average",
            comparison=ABOVE,
            threshold=threshold,
            missing="breaching",
        )
    if known is not None:
        free = round(known.memory * GIB * 0.25)
        yield Alarm(
            metric="FreeableMemory",
            statistic="Average",
            comparison=BELOW,
            threshold=free,
            periods=15,
            missing="breaching",
        )
        if settings.rds.monitoring.insights != "off":
            yield Alarm(metric="DBLoad", statistic="Average", comparison=ABOVE, threshold=known.vcpus, periods=15)
    for metric in ("ReadLatency", "WriteLatency"):
        yield Alarm(metric=metric, statistic="p90", comparison=ABOVE, threshold=0.02)
    yield Alarm(metric="SwapUsage", statistic="Average", comparison=ABOVE, threshold=256 * MIB, period=300, periods=3)
    if is_burstable(instance_class):
        yield Alarm(
            metric="CPUCreditBalance", statistic="Average", comparison=BELOW, threshold=20, period=300, periods=3
        )


def _storage(settings: Settings) -> Iterator[Alarm]:
    yield Alarm(metric="MaximumUsedTransactionIDs", statistic="Average", comparison=ABOVE, threshold=1e9, periods=1)
    if settings.rds.topology == "aurora":
        return
    allocated = settings.rds.storage.size * GIB
    grows = settings.rds.topology == "instance" and settings.rds.storage.ceiling is not None
    yield Alarm(
        metric="FreeStorageSpace",
        statistic="Minimum",
        comparison=BELOW,
        threshold=round(allocated * (0.05 if grows else 0.10)),
        periods=15 if grows else 5,
        missing="breaching",
    )
    for metric in ("EBSIOBalance%", "EBSByteBalance%"):
        yield Alarm(metric=metric, statistic="Average", comparison=BELOW, threshold=10, periods=3)
    for metric in ("OldestReplicationSlotLag", "TransactionLogsDiskUsage"):
        tenth = round(allocated * 0.10)
        yield Alarm(metric=metric, statistic="Maximum", comparison=ABOVE, threshold=tenth, missing="notBreaching")


def _replication(settings: Settings, replica: bool) -> Iterator[Alarm]:
    """Ten of ten periods, because a source without writes shows up to five minutes."""
    if settings.rds.topology == "aurora":
        if replica:
            milliseconds = LAG * 1000
            yield Alarm(
                metric="AuroraReplicaLag", statistic="Maximum", comparison=ABOVE, threshold=milliseconds, periods=10
            )
    elif replica or settings.rds.topology == "cluster":
        yield Alarm(
            metric="ReplicaLag", statistic="Maximum", comparison=ABOVE, threshold=LAG, periods=10, missing="breaching"
        )
