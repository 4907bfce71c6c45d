"""What the settings decide of an RDS database's arguments: the cases that the stacks of tests/mocks/rds do not have."""

from __future__ import annotations

from typing import Any

import pytest

from components.rds import arguments, arguments_cluster, arguments_network, arguments_security, arguments_server
from components.rds.arguments import Around, ignored_changes
from components.rds.arguments_groups import old_group
from components.rds.arguments_server import Hosts
from components.rds.instances import in_order
from components.settings.rds.replicas import replicas
from tests.unit.settings.rds.stacks import settings

AROUND = Around(
    subnet_group="subnets",
    security_groups=["group"],
    parameter_group="pg17",
    final_snapshot="main-final-x",
    key="key",
    monitoring_role="role",
    password="secret-of-the-test",
)
BACKUPS = "arn:aws:rds:eu-central-1:123456789012:auto-backup:ab-x"


def primary(rds: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    return arguments.primary(settings(rds, **others), AROUND)


@pytest.mark.parametrize(
    "restore, expected",
    [
        pytest.param({"snapshot": "before"}, {"snapshotIdentifier": "before"}, id="snapshot"),
        pytest.param(
            {"point_in_time": {"source": "old"}},
            {"restoreToPointInTime": {"sourceDbInstanceIdentifier": "old", "useLatestRestorableTime": True}},
            id="the latest moment",
        ),
        pytest.param(
            {"point_in_time": {"source_backup": BACKUPS, "time": "2026-11-21T09:45:00Z"}},
            {
                "restoreToPointInTime": {
                    "sourceDbInstanceAutomatedBackupsArn": BACKUPS,
                    "restoreTime": "2026-11-21T09:45:00Z",
                }
            },
            id="a moment of one that is gone",
        ),
    ],
)
def test_a_restored_database_brings_its_user(restore: dict[str, Any], expected: dict[str, Any]) -> None:
    found = primary({"restore": restore})
    assert {name: value for name, value in found.items() if name in arguments.READ_WHEN_MADE} == expected
    assert {"username", "dbName"} & found.keys() == set()


def test_a_restored_cluster_has_names_of_its_own() -> None:
    wanted = settings(
        {"topology": "aurora", "restore": {"point_in_time": {"source": "old", "time": "2026-11-21T09:45:00Z"}}}
    )
    found = arguments_cluster.cluster(wanted, AROUND)
    assert found["restoreToPointInTime"] == {"sourceClusterIdentifier": "old", "restoreToTime": "2026-11-21T09:45:00Z"}
    assert {"masterUsername", "databaseName"} & found.keys() == set()


@pytest.mark.parametrize(
    "rds, replicas_asked, managed",
    [
        pytest.param({}, 0, True, id="alone"),
        pytest.param({}, 1, False, id="with a replica"),
        pytest.param({"credentials": {"mode": "generated"}}, 0, False, id="asked"),
        pytest.param({"blue_green": True, "protection": False}, 0, False, id="blue/green"),
    ],
)
def test_who_keeps_the_password(rds: dict[str, Any], replicas_asked: int, managed: bool) -> None:
    found = primary(rds, replicas=replicas_asked, allow=["without-protection"])
    assert found.get("manageMasterUserPassword", False) == managed
    assert ("masterUserSecretKmsKeyId" in found) == managed
    assert ("passwordWo" in found, "passwordWoVersion" in found) == (not managed, not managed)
    assert "password" not in found
    assert ("blueGreenUpdate" in found) == rds.get("blue_green", False)


def test_a_pinned_version_counts_and_a_major_alone_does_not() -> None:
    pinned = settings({"engine_version": "17.6", "auto_minor_upgrade": False})
    assert arguments.engine_version(pinned) == "17.6"
    assert "engineVersion" not in ignored_changes(pinned, "instance")
    assert "engineVersion" in ignored_changes(settings(), "member")
    assert ignored_changes(settings(), "member") == ["engineVersion"]


def test_write_once_names_count_only_where_a_new_database_is_allowed() -> None:
    assert {"username", "dbName"} <= set(ignored_changes(settings(), "instance"))
    assert {"masterUsername", "databaseName"} <= set(ignored_changes(settings(), "cluster"))
    allowed = ignored_changes(settings(allow=["replace-database"]), "instance")
    assert {"username", "dbName"} & set(allowed) == set()


def test_throwaway_leaves_nothing() -> None:
    found = primary(
        {"environment": "throwaway", "final_snapshot": False, "protection": False, "backup": {"retention": 0}},
        replicas=0,
    )
    assert (found["skipFinalSnapshot"], found["deletionProtection"], found["backupRetentionPeriod"]) == (True, False, 0)
    assert "finalSnapshotIdentifier" not in found


def test_a_replicas_own_storage_does_not_take_the_primarys_iops() -> None:
    wanted = settings(
        {
            "storage": {"size": 500, "iops": 16000, "throughput": 1000},
            "replicas": [{"name": "io", "storage": {"type": "io2", "iops": 20000, "max": 2000}}, {"name": "alike"}],
        }
    )
    own, alike = (arguments.replica(wanted, one, AROUND, "main") for one in replicas(wanted))
    assert (own["storageType"], own["iops"], own.get("storageThroughput"), own["maxAllocatedStorage"]) == (
        "io2",
        20000,
        None,
        2000,
    )
    assert (alike["storageType"], alike["iops"], alike["storageThroughput"]) == ("gp3", 16000, 1000)


THEIRS = {"vpc": "vpc-0123456789abcdef0", "subnets": [f"subnet-0123456789abcdef{number}" for number in range(3)]}


@pytest.mark.parametrize(
    "network, expected",
    [
        pytest.param({}, ["eu-central-1a", "eu-central-1b", "eu-central-1c"], id="our VPC"),
        pytest.param(THEIRS, None, id="another one's: RDS sees where the subnets are"),
        pytest.param({**THEIRS, "zones": [f"eu-central-1{one}" for one in "cab"]},
                     ["eu-central-1c", "eu-central-1a", "eu-central-1b"], id="and its zones are said"),
    ],
)  # fmt: skip
def test_zones_are_named_where_they_are_known(network: dict[str, Any], expected: list[str] | None) -> None:
    wanted = settings({"topology": "cluster", "instance_class": "db.r6gd.large", "network": network}, replicas=0)
    assert arguments_cluster.cluster(wanted, AROUND).get("availabilityZones") == expected
    alone = settings({"network": network}, replicas=1)
    found = arguments.replica(alone, replicas(alone)[0], AROUND, "main").get("availabilityZone")
    assert found == (expected[0] if expected else None)


def test_a_restore_may_take_longer() -> None:
    assert arguments.timeouts(settings())["create"] == "60m"
    assert arguments.timeouts(settings({"restore": {"snapshot": "before"}}))["create"] == "240m"


def test_replicas_come_after_what_they_follow() -> None:
    chain = [{"name": "c", "source": "b"}, {"name": "b", "source": "a"}, {"name": "a"}]
    assert [one.name for one in in_order(settings({"replicas": chain}))] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "cidr, count, expected",
    [
        ("10.80.0.0/16", 3, ["10.80.0.0/18", "10.80.64.0/18", "10.80.128.0/18"]),
        ("10.80.0.0/16", 2, ["10.80.0.0/17", "10.80.128.0/17"]),
        ("10.0.0.0/24", 4, ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26", "10.0.0.192/26"]),
    ],
)
def test_zones_share_the_addresses(cidr: str, count: int, expected: list[str]) -> None:
    assert arguments_network.parts(cidr, count) == expected


def test_ipv6_parts_are_64s_of_the_vpcs_own() -> None:
    assert arguments_network.ipv6_part("2001:db8:1234:1a00::/56", 2) == "2001:db8:1234:1a02::/64"


@pytest.mark.parametrize(
    "kind, expected", [("pgbouncer", (6432, 6433)), ("rds_proxy", (5432, 5432)), ("none", (6432, 6433))]
)
def test_ports_of_what_stands_in_front(kind: str, expected: tuple[int, int]) -> None:
    pooler = {"kind": kind} if kind == "pgbouncer" else {"kind": kind, "image": None}
    wanted = settings({"pooler": pooler, "port": 6000})
    found = arguments_network.ports(wanted, "pooler")
    assert (found.first, found.last) == expected
    assert arguments_network.ports(wanted, "database").first == 6000


@pytest.mark.parametrize(
    "region, partition, service",
    [
        ("eu-central-1", "aws", "logs.eu-central-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "logs.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "logs.us-gov-west-1.amazonaws.com"),
    ],
)
def test_policies_are_of_the_regions_partition(region: str, partition: str, service: str) -> None:
    text = arguments_security.key_policy(settings(), region, "123456789012")
    assert f'"arn:{partition}:iam::123456789012:root"' in text and f'"{service}"' in text
    assert arguments_security.monitoring_policy(region).startswith(f"arn:{partition}:iam::aws:policy/")


def test_rotation_can_be_turned_off() -> None:
    wanted = settings({"credentials": {"rotation": 0}}, replicas=0)
    assert arguments_security.rotation(wanted, "arn") == {"secretId": "arn", "rotationEnabled": False}


def test_aurora_upgrades_its_members_group_along() -> None:
    aurora: dict[str, Any] = {"topology": "aurora", "upgrade": {"from": 16, "to": 17}}
    found = arguments_cluster.cluster(settings(aurora, major=17), AROUND)
    assert found["dbInstanceParameterGroupName"] == "default.aurora-postgresql17"
    assert found["allowMajorVersionUpgrade"] is True


@pytest.mark.parametrize("before", [12, 13])
def test_a_major_without_a_catalogue_has_no_old_group(before: int) -> None:
    wanted = settings({"upgrade": {"from": before, "to": 17}}, replicas=0, major=17)
    assert old_group(wanted, frozenset()) is None


def test_without_a_pooler_clients_go_to_the_database() -> None:
    wanted = settings({"pooler": {"kind": "none", "image": None}})
    found = arguments_server.server(wanted, Hosts(writer="w", reader="r", pooled="ignored"), "boss")
    assert (str(found.pooled), str(found.pooled_reader), found.admin.user) == ("w:5432", "r:5432", "boss")


def test_the_authorities_are_where_aws_says() -> None:
    assert arguments_server.bundle_url(settings()) == (
        "https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem"
    )
