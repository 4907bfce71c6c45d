"""Alarms: AWS's recommendations, scaled from class and storage."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.render.rds_alarms import Alarm, alarms
from components.settings.catalogue.rds_classes import GIB
from components.settings.rds.rules.watching import METRICS
from tests.unit.settings.rds.stacks import settings

CLUSTER = {"topology": "cluster", "instance_class": "db.m6gd.large"}
TOPOLOGIES: list[dict[str, Any]] = [{}, CLUSTER, {"topology": "aurora"}]


def by_metric(rds: dict[str, Any] | None = None, **asked: Any) -> dict[str, Alarm]:
    return {alarm.metric: alarm for alarm in alarms(settings(rds), **asked)}


def row(alarm: Alarm) -> tuple[str, str, float, int, int, str]:
    sign = ">" if alarm.comparison == "GreaterThanThreshold" else "<"
    return alarm.statistic, sign, alarm.threshold, alarm.period, alarm.periods, alarm.missing


def test_a_primary_of_16_gib_and_100_gib() -> None:
    assert {metric: row(alarm) for metric, alarm in by_metric().items()} == {
        "CPUUtilization": ("Average", ">", 90, 60, 5, "breaching"),
        "DatabaseConnections": ("Average", ">", 1379, 60, 5, "breaching"),
        "FreeableMemory": ("Average", "<", 4 * GIB, 60, 15, "breaching"),
        "FreeStorageSpace": ("Minimum", "<", 5 * GIB, 60, 15, "breaching"),
        "MaximumUsedTransactionIDs": ("Average", ">", 1e9, 60, 1, "missing"),
        "ReadLatency": ("p90", ">", 0.02, 60, 5, "missing"),
        "WriteLatency": ("p90", ">", 0.02, 60, 5, "missing"),
        "DBLoad": ("Average", ">", 2, 60, 15, "missing"),
        "EBSIOBalance%": ("Average", "<", 10, 60, 3, "missing"),
        "EBSByteBalance%": ("Average", "<", 10, 60, 3, "missing"),
        "OldestReplicationSlotLag": ("Maximum", ">", 10 * GIB, 60, 5, "notBreaching"),
        "TransactionLogsDiskUsage": ("Maximum", ">", 10 * GIB, 60, 5, "notBreaching"),
        "SwapUsage": ("Average", ">", 256 * 1024**2, 300, 3, "missing"),
    }


def test_a_replica_is_watched_for_its_lag_and_by_its_own_class() -> None:
    found = by_metric(instance_class="db.t4g.medium", replica=True)
    assert row(found["ReplicaLag"]) == ("Maximum", ">", 60, 60, 10, "breaching")
    assert row(found["CPUCreditBalance"]) == ("Average", "<", 20, 300, 3, "missing")
    assert found["FreeableMemory"].threshold == GIB


def test_storage_that_does_not_grow_warns_earlier() -> None:
    assert row(by_metric({"storage": {"max": 0}})["FreeStorageSpace"]) == ("Minimum", "<", 10 * GIB, 60, 5, "breaching")
    assert by_metric(CLUSTER)["FreeStorageSpace"].threshold == 10 * GIB


def test_aurora_has_no_volume_to_watch() -> None:
    found = by_metric({"topology": "aurora"}, replica=True)
    assert not {metric for metric in found if metric.startswith(("EBS", "FreeStorage", "Oldest", "TransactionLogs"))}
    assert found["AuroraReplicaLag"].threshold == 60000


def test_every_member_of_a_cluster_may_lag() -> None:
    assert "ReplicaLag" in by_metric(CLUSTER)


def test_overrides_win_and_may_silence() -> None:
    overrides = {"CPUUtilization": {"threshold": 75, "periods": 3}, "SwapUsage": {"enabled": False}}
    found = by_metric({"alarms": {"overrides": overrides}})
    assert row(found["CPUUtilization"]) == ("Average", ">", 75, 60, 3, "breaching")
    assert "SwapUsage" not in found
    assert by_metric({"alarms": {"enabled": False}}) == {}
    assert "DBLoad" not in by_metric({"monitoring": {"insights": "off"}})


def test_each_metric_that_may_be_overridden_has_an_alarm_somewhere() -> None:
    classes = [None, "db.t4g.medium"]
    found = {
        metric
        for rds in TOPOLOGIES
        for own in classes
        for replica in (False, True)
        for metric in by_metric(rds, instance_class=own, replica=replica)
    }
    assert found == set(METRICS)


@pytest.mark.parametrize("rds", TOPOLOGIES)
@given(size=st.integers(20, 399))
def test_thresholds_follow_the_storage(rds: dict[str, Any], size: int) -> None:
    if rds.get("topology") == "aurora":
        return
    found = by_metric(rds | {"storage": {"size": size}})
    assert found["TransactionLogsDiskUsage"].threshold == round(size * GIB / 10)
    assert 0 < found["FreeStorageSpace"].threshold <= size * GIB / 10 + 1
