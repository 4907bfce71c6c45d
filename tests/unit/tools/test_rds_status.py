"""What is made of AWS's answers: who is who, what is not as it should be, what waits."""

from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from components.settings.model import Settings
from tests.unit.settings.rds.stacks import settings
from tests.unit.tools.aws_said import (
    HOME,
    cluster,
    health,
    in_cluster,
    instance,
    maintenance,
    replica,
    service,
)
from tools.driver.rds.pooler import Front
from tools.driver.rds.report import Report, Told, report
from tools.driver.rds.tables import report as tables
from tools.driver.screen import WIDE

STACK = settings(replicas=1)
BARE = settings({"pooler": {"kind": "none"}}, replicas=1)
IN_FRONT = Front(
    service=service(), host="pool.elb", health={6432: health(*["healthy"] * 3), 6433: health(*["healthy"] * 3)}
)
WHOLE = Told(instances={HOME: [instance(), replica()]}, front=IN_FRONT)


def seen(*instances: Any, stack: Settings = BARE, **others: Any) -> Report:
    return report(stack, Told(instances={HOME: list(instances)}, **others))


def printed(found: Report) -> str:
    console = Console(file=io.StringIO(), width=WIDE, highlight=False, soft_wrap=True)
    console.print(tables(found))
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def test_a_whole_stack_has_no_fault_and_says_who_writes() -> None:
    found = report(STACK, WHOLE)
    assert found.faults == ()
    assert [(one.name, one.role, one.status) for one in found.members] == [
        ("main", "primary", "available"),
        ("main-replica-1", "replica", "available"),
    ]
    assert [(way.name, way.address, way.open) for way in found.ways] == [
        ("writer", "main.rds:5432", True),
        ("reader", "main-replica-1.rds:5432", True),
        ("pooled", "pool.elb:6432", True),
        ("pooled_reader", "pool.elb:6433", True),
    ]
    text = printed(found)
    assert text.rstrip().endswith("cluster main is whole; writers go to main in eu-central-1a")
    for word in ("eu-central-1b", "available, replicating", "100 GiB gp3, grows to 400", "3 of 3 running, 0 pending"):
        assert word in text


def test_a_program_gets_everything() -> None:
    measured = {("main-replica-1", "ReplicaLag"): 0.25, ("main", "FreeStorageSpace"): 64.0 * 1024**3}
    plain = report(STACK, dataclasses.replace(WHOLE, measured=measured)).plain()
    assert plain["faults"] == ()
    assert plain["members"][0]["storage"] == {"allocated": 100, "type": "gp3", "ceiling": 400, "free": 64.0}
    assert plain["members"][1]["lag"] == 0.25
    assert (plain["pooler"]["running"], plain["pooler"]["desired"]) == (3, 3)


@pytest.mark.parametrize("status", ["backing-up", "storage-optimization", "configuring-log-exports"])
def test_work_beside_which_it_serves_is_no_fault(status: str) -> None:
    assert seen(instance(DBInstanceStatus=status), replica()).faults == ()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"DBInstanceStatus": "rebooting"}, "main is rebooting"),
        ({"DBInstanceStatus": "storage-full"},
         "main is storage-full: raise rds.storage.size and rds.storage.max, for nothing can be written"),
        ({"DBInstanceStatus": "incompatible-parameters"},
         "main is incompatible-parameters: mend `parameters` and reboot it, for it does not start with these"),
        ({"DBParameterGroups": [{"DBParameterGroupName": "g", "ParameterApplyStatus": "pending-reboot"}]},
         "main waits for a reboot: parameters that were changed are not in force"),
        ({"DBParameterGroups": [{"DBParameterGroupName": "g", "ParameterApplyStatus": "failed-to-apply"}]},
         "the parameter group of main is failed-to-apply"),
        ({"MultiAZ": False}, "main has no standby in another zone, though the stack says multi_az"),
        ({"DeletionProtection": False},
         "main is not protected against deletion, though the stack says so (rds.protection)"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be_with_the_primary(changes: dict[str, Any], fault: str) -> None:
    assert seen(instance(**changes), replica()).faults == (fault,)


def test_what_the_stack_does_not_ask_for_is_no_fault() -> None:
    rds = {"multi_az": False, "protection": False, "environment": "staging", "pooler": {"kind": "none"}}
    modest = settings(rds, replicas=0, durability="asynchronous")
    bare = instance(MultiAZ=False, SecondaryAvailabilityZone=None, DeletionProtection=False)
    assert seen(bare, stack=modest).faults == ()


def following(**changes: Any) -> dict[str, Any]:
    return {"StatusInfos": [{"StatusType": "read replication", "Normal": True, "Status": "replicating", **changes}]}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (following(Status="stopped", Normal=False, Message="WAL was removed"),
         "main-replica-1 does not replicate: stopped WAL was removed"),
        (following(Normal=False), "main-replica-1 does not replicate: replicating"),
        (following(Status="error"), "main-replica-1 does not replicate: error"),
        ({"ReadReplicaSourceDBInstanceIdentifier": None, "StatusInfos": []},
         "main-replica-1 follows nobody, though the stack says that it is a replica"),
    ],
)  # fmt: skip
def test_a_replica_that_does_not_follow(changes: dict[str, Any], fault: str) -> None:
    assert seen(instance(), replica(**changes)).faults == (fault,)


def test_a_member_that_is_gone_is_named() -> None:
    found = seen(instance())
    assert found.faults == ("main-replica-1 is not there",)
    assert found.members[1].status == "not there"
    assert [way.address for way in found.ways] == ["main.rds:5432", "main.rds:5432"]
    assert "main-replica-1   replica   not there" in printed(found)


def test_the_primary_is_gone_and_a_replica_is_left() -> None:
    found = seen(replica())
    assert found.faults == ("main is not there",)
    assert [way.name for way in found.ways] == []


def test_a_replica_that_somebody_else_made_is_told_of() -> None:
    far = f"arn:aws:rds:eu-west-1:{'1' * 12}:db:their-far"
    source = instance(ReadReplicaDBInstanceIdentifiers=["main-replica-1", "theirs", far])
    assert seen(source, replica()).notes == (
        "theirs follows main, and the stack does not know it",
        "their-far follows main, and the stack does not know it",
    )


def test_a_promoted_replica_is_no_second_primary() -> None:
    stack = settings({"pooler": {"kind": "none"}, "replicas": [{"name": "old", "promote": True}]}, replicas=0)
    alone = instance("main-old", MultiAZ=False, SecondaryAvailabilityZone=None)
    found = seen(instance(), alone, stack=stack)
    assert ([one.role for one in found.members], found.faults) == (["primary", "promoted"], ())
    assert found.ways[1].address == "main.rds:5432"  # readers are not sent to what goes its own way


def test_a_lag_that_nobody_knows_is_not_shown() -> None:
    assert seen(instance(), replica(), measured={("main-replica-1", "ReplicaLag"): -1.0}).members[1].lag is None


def test_a_region_that_was_not_asked_is_a_fault_and_its_replicas_are_not_called_gone() -> None:
    stack = settings({"pooler": {"kind": "none"}, "replicas": [{"name": "far", "region": "eu-west-1"}]}, replicas=0)
    followed = instance(ReadReplicaDBInstanceIdentifiers=["arn:aws:rds:eu-west-1:123456789012:db:main-far"])
    found = seen(followed, stack=stack, unknown=["rds:DescribeDBInstances in eu-west-1 was not answered"])
    assert found.faults == ("rds:DescribeDBInstances in eu-west-1 was not answered",)
    assert found.notes == ()
    told = Told(instances={HOME: [instance()], "eu-west-1": []})
    assert report(stack, told).faults == ("main-far is not there",)


def test_what_waits_is_old_value_to_new_value_and_when() -> None:
    ordered = {
        "DBInstanceClass": "db.r7g.xlarge",
        "MultiAZ": False,
        "MasterUserPassword": "****",
        "PendingCloudwatchLogsExports": {"LogTypesToEnable": ["upgrade"], "LogTypesToDisable": []},
    }
    found = seen(instance(PendingModifiedValues=ordered), replica())
    window = "in the maintenance window (sun:03:00-sun:04:00)"
    assert found.waiting == (
        f"main: DBInstanceClass: db.r7g.large -> db.r7g.xlarge: {window}",
        f"main: MasterUserPassword: changed: {window}",
        f"main: MultiAZ: on -> off: {window}",
        f"main: PendingCloudwatchLogsExports: (none) -> LogTypesToDisable none, LogTypesToEnable upgrade: {window}",
    )
    assert found.faults == ()
    assert f"waits\n{found.waiting[0]}" in printed(found)
    at_once = instance(DBInstanceStatus="modifying", PendingModifiedValues={"AllocatedStorage": 200})
    assert seen(at_once, replica()).waiting == ("main: AllocatedStorage: 100 -> 200: now",)


def test_maintenance_of_ours_is_told_with_its_time() -> None:
    at = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
    actions = [
        maintenance("db:main", Action="system-update", Description="New OS", CurrentApplyDate=at),
        maintenance("db:main-replica-1", Action="db-upgrade"),
        maintenance("db:somebody-elses", Action="system-update"),
    ]
    assert seen(instance(), replica(), actions=actions).waiting == (
        "main: maintenance system-update (New OS): on 2026-12-01 03:00 UTC",
        "main-replica-1: maintenance db-upgrade: when somebody says so, or AWS has to",
    )


MULTI = settings(
    {"topology": "cluster", "instance_class": "db.r6gd.large", "pooler": {"kind": "none"}, "replicas": None}
)
NAMES = [f"main-instance-{number}" for number in (1, 2, 3)]


def test_a_cluster_after_a_failover_is_whole() -> None:
    found = seen(*map(in_cluster, NAMES), stack=MULTI, cluster=cluster(NAMES[1], NAMES[0], NAMES[2]))
    assert found.faults == ()
    assert [one.role for one in found.members] == ["reader", "writer", "reader"]
    assert [(way.name, way.address) for way in found.ways] == [
        ("writer", "main.cluster:5432"),
        ("reader", "main.cluster-ro:5432"),
    ]
    assert "main (available)" in printed(found)


@pytest.mark.parametrize(
    ("names", "changes", "faults"),
    [
        (NAMES[:2], {}, ("there are 2 of 3 members",)),
        (NAMES, {"Status": "failing-over"}, ("cluster main is failing-over",)),
        (NAMES, {"DeletionProtection": False},
         ("cluster main is not protected against deletion, though the stack says so (rds.protection)",)),
        (NAMES, {"DBClusterMembers": [{"DBInstanceIdentifier": NAMES[0], "IsClusterWriter": False}]},
         ("there is no writer",)),
        (NAMES,
         {"DBClusterMembers": [{"DBInstanceIdentifier": NAMES[0], "IsClusterWriter": True,
                                "DBClusterParameterGroupStatus": "pending-reboot"}]},
         ("main-instance-1 waits for a reboot: parameters that were changed are not in force",)),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be_with_a_cluster(names: list[str], changes: Any, faults: tuple[str, ...]) -> None:
    found = seen(*map(in_cluster, names), stack=MULTI, cluster=cluster(*names, **changes))
    assert found.faults == faults


def test_an_aurora_reader_that_is_gone_is_named_and_storage_has_no_size() -> None:
    stack = settings({"topology": "aurora", "pooler": {"kind": "none"}, "replicas": [{"name": "reader"}]})
    writer = in_cluster("main-writer", Engine="aurora-postgresql", AllocatedStorage=1)
    found = seen(writer, stack=stack, cluster=cluster("main-writer", Engine="aurora-postgresql"))
    assert found.faults == ("main-reader is not there",)
    assert (found.members[0].storage, found.cluster and found.cluster.storage) == (None, None)


def test_the_way_in_of_this_program() -> None:
    assert report(settings({"reach": {"by": "ssm"}}, replicas=1), WHOLE).reach == (
        "by Session Manager through a task of the pooler"
    )
    assert report(STACK, WHOLE).reach == "directly"
