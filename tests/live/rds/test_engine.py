"""The prod stack through Pulumi's own engine, from nothing to nothing, in an emulated cloud.

Each call of AWS passes botocore's own validation. No database runs there, so the access layer is not asked; what a
change costs is what the preview says before it, not what AWS does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from components.settings.catalogue import rds as offers
from tests.live.rds.emulator import emulator
from tests.live.rds.stack import ACCOUNT, Cloud, Run, Step

pytestmark = pytest.mark.live
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/pgbouncer@sha256:{'1a2b3c4d' * 8}"
VPN = "10.8.0.0/16"
PROD: Mapping[str, Any] = {
    "account": ACCOUNT,
    "storage": {"size": 500, "max": 1000, "iops": 16000, "throughput": 1000},
    "alarms": {"email": ["dba@example.com"]},
    "pooler": {"image": IMAGE},
    "network": {"consumers": {"vpn": {"cidr": VPN, "to": ["pooler", "database"]}}},
    "backup": {"cross_region": {"region": "eu-west-1", "retention": 7}},
}
PRIMARY, REPLICA = "rds/instance:main-primary", "rds/instance:main-replica-1"
GROUP = "rds/parameterGroup:main-pg17"


class Prod:
    """The stack, and what it is like with a change."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.first = self.up()

    def up(self, rds: Mapping[str, Any] | None = None, **others: Any) -> Run:
        return self.cloud.up(self._settings(rds, others))

    def preview(self, rds: Mapping[str, Any] | None = None, **others: Any) -> Run:
        return self.cloud.preview(self._settings(rds, others))

    def _settings(self, rds: Mapping[str, Any] | None, others: dict[str, Any]) -> Any:
        return self.cloud.settings({**PROD, **(rds or {})}, **{"replicas": 1, **others})


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prod]:
    """Brought up once; tests that change it bring it back."""
    home: Path = tmp_path_factory.mktemp("rds")
    with emulator() as address:
        yield Prod(Cloud(home, address))


def refused(prod: Prod, rds: Mapping[str, Any] | None = None, **others: Any) -> str:
    """What the preview ends with."""
    with pytest.raises(
        Exception, match=r"preview failed|Preview failed|unable to replace|nothing was (changed|begun)"
    ) as caught:
        prod.preview(rds, **others)
    return " ".join(str(caught.value).split())


def operations(run: Run, *keys: str) -> dict[str, Step]:
    return {key: run.steps.get(key, ("same", ())) for key in keys}


def test_everything_is_made_and_stands_in_the_cloud(prod: Prod) -> None:
    assert set(prod.first.changes) == {"create"}
    assert prod.first.changes["create"] > 90
    rds = prod.cloud.client("rds")
    found = {one["DBInstanceIdentifier"]: one for one in rds.describe_db_instances()["DBInstances"]}
    assert set(found) == {"main", "main-replica-1"}
    main = found["main"]
    assert (main["MultiAZ"], main["StorageEncrypted"], main["DeletionProtection"]) == (True, True, True)
    assert (main["StorageType"], main["BackupRetentionPeriod"], main["PubliclyAccessible"]) == ("gp3", 14, False)
    ecs = prod.cloud.client("ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    (service,) = ecs.describe_services(cluster=cluster, services=ecs.list_services(cluster=cluster)["serviceArns"])[
        "services"
    ]
    assert service["desiredCount"] == 3
    assert len(prod.cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]) > 25


def test_a_second_run_changes_nothing(prod: Prod) -> None:
    assert set(prod.preview().changes) == {"same"}
    assert set(prod.up().changes) == {"same"}


def test_what_somebody_changed_is_seen_and_repaired(prod: Prod) -> None:
    cloud = prod.cloud
    rds, ec2, watch = cloud.client("rds"), cloud.client("ec2"), cloud.client("cloudwatch")
    assert set(cloud.refresh().changes) == {"same"}
    group = next(
        one["DBParameterGroupName"]
        for one in rds.describe_db_parameter_groups()["DBParameterGroups"]
        if one["DBParameterGroupName"].startswith("main-pg17")
    )
    other = {"ParameterName": "log_min_duration_statement", "ParameterValue": "7", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=[other])
    rule = next(
        one
        for one in ec2.describe_security_group_rules()["SecurityGroupRules"]
        if one.get("CidrIpv4") == VPN and one["FromPort"] == 5432
    )
    ec2.revoke_security_group_ingress(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    alarm = next(one["AlarmName"] for one in watch.describe_alarms(AlarmNamePrefix="main-primary-CPU")["MetricAlarms"])
    watch.delete_alarms(AlarmNames=[alarm])

    drift = cloud.refresh()
    keys = (
        GROUP,
        "vpc/securityGroupIngressRule:main-vpn-to-database",
        "cloudwatch/metricAlarm:main-primary-CPUUtilization",
    )
    assert drift.touched == set(keys)
    assert [drift.steps[key][0] for key in keys] == ["update", "delete", "delete"]
    repair = prod.up()
    assert [repair.steps[key][0] for key in keys] == ["update", "create", "create"]
    assert repair.steps[GROUP][1] == ("parameters",)
    assert set(prod.preview().changes) == {"same"}


def test_a_larger_class_moves_its_alarms_and_waits_for_the_window(prod: Prod) -> None:
    run = prod.preview({"instance_class": "db.r7g.xlarge"})
    assert run.steps[PRIMARY] == ("update", ("instanceClass",))
    assert run.steps["cloudwatch/metricAlarm:main-primary-FreeableMemory"] == ("update", ("threshold",))
    assert "rds.instance_class: db.r7g.large -> db.r7g.xlarge: in the maintenance window" in run.said


@pytest.mark.parametrize(
    ("name", "value", "effect"),
    [
        ("log_min_duration_statement", "500ms", "1s -> 500ms: at once, nobody is cut off"),
        ("max_connections", 500, "(default) -> 500: waits for a reboot, which nobody but you starts"),
    ],
)
def test_a_parameter_touches_its_group_alone_and_says_when_it_is_in_effect(
    prod: Prod, name: str, value: object, effect: str
) -> None:
    run = prod.preview(parameters={name: value})
    assert run.steps[GROUP] == ("update", ("parameters",))
    assert PRIMARY not in run.touched
    assert f"parameters.{name}: {effect}" in run.said


def test_a_major_version_gets_a_group_of_its_own_and_replaces_nothing(prod: Prod) -> None:
    """No database answers here, so it is unchecked; test_upgrade.py has one that does."""
    said = {"upgrade": {"from": 17, "to": 18}}
    assert "nothing was begun; make the database reachable" in refused(prod, said, major=18)
    run = prod.preview(said, major=18, allow=["unchecked-upgrade"])
    assert run.steps[PRIMARY] == ("update", ("allowMajorVersionUpgrade", "engineVersion", "parameterGroupName"))
    assert run.steps["rds/parameterGroup:main-pg18"][0] == "create"
    assert run.steps[GROUP][0] == "update"  # kept, for the way back by snapshot
    assert "replace" not in {operation for key, (operation, _) in run.steps.items() if key.startswith("rds/")}
    assert "major: 17 -> 18: in the maintenance window, major upgrade" in run.said


def test_a_minor_version_that_is_pinned_waits_for_the_window(prod: Prod) -> None:
    pinned = str(offers.creatable("instance", 17)[-1])
    run = prod.preview({"engine_version": pinned, "auto_minor_upgrade": False})
    assert run.steps[PRIMARY] == ("update", ("autoMinorVersionUpgrade", "engineVersion"))
    assert f"rds.engine_version: (default) -> {pinned}: in the maintenance window, primary and standby together" in (
        run.said
    )


def test_a_replica_more_is_made_and_read_by_the_pooler(prod: Prod) -> None:
    run = prod.preview(replicas=2)
    assert run.steps["rds/instance:main-replica-2"][0] == "create"
    assert PRIMARY not in run.touched
    assert run.steps["ecs/service:main-pooler"] == ("update", ("taskDefinition",))
    assert "the replica is made from a snapshot; the primary goes on" in run.said


def test_a_promoted_replica_follows_nobody(prod: Prod) -> None:
    run = prod.preview({"replicas": [{"name": "replica-1", "promote": True}]}, replicas=0)
    assert run.steps[REPLICA][0] == "update"
    assert "replicateSourceDb" in run.steps[REPLICA][1]
    assert run.steps["cloudwatch/metricAlarm:main-replica-1-ReplicaLag"][0] == "delete"
    assert "it follows nobody any more" in run.said


def test_windows_are_moved_at_once(prod: Prod) -> None:
    run = prod.preview({"windows": {"maintenance": "mon:02:00-mon:03:00"}})
    assert operations(run, PRIMARY, REPLICA) == dict.fromkeys((PRIMARY, REPLICA), ("update", ("maintenanceWindow",)))
    assert "mon:02:00-mon:03:00: at once, nobody is cut off" in run.said


def test_another_key_would_be_another_database_and_is_refused(prod: Prod) -> None:
    key = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
    said = refused(prod, {"encryption": {"key": key}})
    assert "AWS changes it only by making a new, empty database" in said
    assert "unable to replace resource" in said


def test_a_replica_goes_only_when_protection_is_off(prod: Prod) -> None:
    assert "cannot be deleted because it is protected" in refused(prod, replicas=0)


def test_in_the_end_nothing_is_left_but_the_logs(prod: Prod) -> None:
    """Two steps, as documented: protection off, then destroy; the replica goes in between."""
    open_ = {"protection": False}
    prod.up(open_, allow=["without-protection"])
    run = prod.preview(open_, replicas=0, allow=["without-protection"])
    assert run.steps[REPLICA][0] == "delete"
    assert "the replica is deleted, its readers are cut off" in run.said
    assert "replace" not in run.steps.get(PRIMARY, ("same",))[0]
    prod.cloud.destroy()
    cloud = prod.cloud
    assert cloud.client("rds").describe_db_instances()["DBInstances"] == []
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert cloud.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    logs = {one["logGroupName"] for one in cloud.client("logs").describe_log_groups()["logGroups"]}
    assert {"/aws/rds/instance/main/postgresql", "/aws/rds/instance/main-replica-1/upgrade"} <= logs
