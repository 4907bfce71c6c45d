"""Instances, clusters and members: every property of the complete default, on the right resource, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mocks.rds.graph import ACCOUNT
from tests.mocks.rds.stacks import graph

OURS = {"name": "main", "environment": "production", "managed-by": "pulumi"}
EXPORTS = ["postgresql", "upgrade", "iam-db-auth-error"]
WARNINGS = ["failure", "maintenance", "configuration change"]
TIMES = {"create": "60m", "update": "120m", "delete": "60m"}


def arn(kind: str, name: str, region: str = "eu-central-1") -> str:
    return f"arn:aws:{kind}:{region}:{ACCOUNT}:{name}"


KEY, FAR_KEY = arn("kms.Key", "main-key"), arn("kms.Key", "main-eu-west-1-key", "eu-west-1")
ROLE = arn("iam.Role", "main-monitoring")

# What every instance has of the complete default, primary or replica.
SHARED: dict[str, Any] = {
    "storageEncrypted": True,
    "storageType": "gp3",
    "port": 5432,
    "publiclyAccessible": False,
    "networkType": "IPV4",
    "iamDatabaseAuthenticationEnabled": True,
    "caCertIdentifier": "rds-ca-rsa2048-g1",
    "parameterGroupName": "main-pg17-1a2b3c4",
    "vpcSecurityGroupIds": ["main-database-id"],
    "maintenanceWindow": "sun:04:30-sun:05:30",
    "applyImmediately": False,
    "autoMinorVersionUpgrade": True,
    "copyTagsToSnapshot": True,
    "deletionProtection": True,
    "monitoringInterval": 60,
    "monitoringRoleArn": ROLE,
    "performanceInsightsEnabled": True,
    "performanceInsightsRetentionPeriod": 7,
    "performanceInsightsKmsKeyId": KEY,
    "databaseInsightsMode": "standard",
    "enabledCloudwatchLogsExports": EXPORTS,
    "warningEventCategories": WARNINGS,
    "tags": OURS,
}
PRIMARY: dict[str, Any] = {
    **SHARED,
    "identifier": "main",
    "engine": "postgres",
    "engineVersion": "17",
    "engineLifecycleSupport": "open-source-rds-extended-support-disabled",
    "allowMajorVersionUpgrade": False,
    "username": "platform_admin",
    "instanceClass": "db.r7g.large",
    "allocatedStorage": 100,
    "maxAllocatedStorage": 200,
    "kmsKeyId": KEY,
    "multiAz": True,
    "dbSubnetGroupName": "main-subnets-1a2b3c4",
    "backupRetentionPeriod": 14,
    "backupWindow": "03:00-03:30",
    "deleteAutomatedBackups": False,
    "skipFinalSnapshot": False,
    "finalSnapshotIdentifier": "main-final-1a2b3c4",
}
GENERATED = {"passwordWo": "of-the-test-alone-0123456789", "passwordWoVersion": 1}
REPLICA: dict[str, Any] = {
    **SHARED,
    "replicateSourceDb": "main",
    "instanceClass": "db.r7g.large",
    "maxAllocatedStorage": 200,
    "multiAz": False,
    "backupRetentionPeriod": 0,
    "skipFinalSnapshot": True,
}
BIG = {"instanceClass": "db.r7g.2xlarge", "iops": 16000, "storageThroughput": 1000, "maxAllocatedStorage": 1000}
ADVANCED = {"databaseInsightsMode": "advanced", "performanceInsightsRetentionPeriod": 465}
FAR: dict[str, Any] = {
    "region": "eu-west-1",
    "vpcSecurityGroupIds": ["main-eu-west-1-database-id"],
    "parameterGroupName": "main-eu-west-1-pg17-1a2b3c4",
    "performanceInsightsKmsKeyId": FAR_KEY,
}
SMALL: dict[str, Any] = {
    **PRIMARY,
    "instanceClass": "db.t4g.medium",
    "allocatedStorage": 20,
    "maxAllocatedStorage": 0,
    "multiAz": False,
    "availabilityZone": "eu-central-1b",
    "manageMasterUserPassword": True,
    "monitoringInterval": 0,
    "performanceInsightsEnabled": False,
    "tags": {**OURS, "environment": "development", "team": "platform"},
}
for unused in ("kmsKeyId", "monitoringRoleArn", "performanceInsightsRetentionPeriod", "performanceInsightsKmsKeyId"):
    del SMALL[unused]
CLUSTER: dict[str, Any] = {
    "clusterIdentifier": "main",
    "engineVersion": "17",
    "engineLifecycleSupport": "open-source-rds-extended-support-disabled",
    "allowMajorVersionUpgrade": False,
    "masterUsername": "platform_admin",
    "manageMasterUserPassword": True,
    "masterUserSecretKmsKeyId": KEY,
    "storageEncrypted": True,
    "kmsKeyId": KEY,
    "port": 5432,
    "dbSubnetGroupName": "main-subnets-1a2b3c4",
    "vpcSecurityGroupIds": ["main-database-id"],
    "networkType": "IPV4",
    "iamDatabaseAuthenticationEnabled": True,
    "dbClusterParameterGroupName": "main-pg17-1a2b3c4",
    "backupRetentionPeriod": 14,
    "preferredBackupWindow": "03:00-03:30",
    "preferredMaintenanceWindow": "sun:04:30-sun:05:30",
    "applyImmediately": False,
    "copyTagsToSnapshot": True,
    "deleteAutomatedBackups": False,
    "skipFinalSnapshot": False,
    "finalSnapshotIdentifier": "main-final-1a2b3c4",
    "deletionProtection": True,
    "databaseInsightsMode": "standard",
    "enabledCloudwatchLogsExports": EXPORTS,
    "warningEventCategories": WARNINGS,
    "tags": OURS,
}
MULTI_AZ = {
    **CLUSTER,
    "engine": "postgres",
    "dbClusterInstanceClass": "db.r6gd.large",
    "allocatedStorage": 100,
    "storageType": "gp3",
    "caCertificateIdentifier": "rds-ca-rsa2048-g1",
    "availabilityZones": ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
    "publiclyAccessible": False,
    "autoMinorVersionUpgrade": True,
    "monitoringInterval": 60,
    "monitoringRoleArn": ROLE,
    "performanceInsightsEnabled": True,
    "performanceInsightsRetentionPeriod": 7,
    "performanceInsightsKmsKeyId": KEY,
}
AURORA = {
    **CLUSTER,
    "engine": "aurora-postgresql",
    "engineMode": "provisioned",
    "serverlessv2ScalingConfiguration": {"minCapacity": 1, "maxCapacity": 8},
    "enabledCloudwatchLogsExports": ["postgresql", "iam-db-auth-error"],
    "performanceInsightsEnabled": True,
    "performanceInsightsRetentionPeriod": 7,
    "performanceInsightsKmsKeyId": KEY,
}
MEMBER: dict[str, Any] = {
    "identifier": "main-writer",
    "clusterIdentifier": "main-cluster-id",
    "engine": "aurora-postgresql",
    "engineVersion": "17",
    "instanceClass": "db.serverless",
    "dbSubnetGroupName": "main-subnets-1a2b3c4",
    "publiclyAccessible": False,
    "caCertIdentifier": "rds-ca-rsa2048-g1",
    "preferredMaintenanceWindow": "sun:04:30-sun:05:30",
    "applyImmediately": False,
    "autoMinorVersionUpgrade": True,
    "copyTagsToSnapshot": True,
    "promotionTier": 0,
    "monitoringInterval": 60,
    "monitoringRoleArn": ROLE,
    "performanceInsightsEnabled": True,
    "performanceInsightsRetentionPeriod": 7,
    "performanceInsightsKmsKeyId": KEY,
    "warningEventCategories": WARNINGS,
    "tags": OURS,
}


def without(inputs: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in names}


DATABASES = [
    ("small", "rds.Instance", "main-primary", SMALL),
    ("prod", "rds.Instance", "main-primary", {**PRIMARY, **GENERATED, **BIG, **ADVANCED, "allocatedStorage": 500}),
    ("prod", "rds.Instance", "main-replica-1",
     {**REPLICA, **BIG, **ADVANCED, "identifier": "main-replica-1", "availabilityZone": "eu-central-1a"}),
    ("prod", "rds.Instance", "main-replica-2",
     {**REPLICA, **BIG, **ADVANCED, "identifier": "main-replica-2", "availabilityZone": "eu-central-1b"}),
    ("regions", "rds.Instance", "main-primary", {**PRIMARY, **GENERATED}),
    ("regions", "rds.Instance", "main-near",
     {**REPLICA, "identifier": "main-near", "availabilityZone": "eu-central-1a",
      "parameterGroupName": "main-near-pg17-1a2b3c4"}),
    ("regions", "rds.Instance", "main-eu-west-1-far",  # an ARN, a key and a subnet group, for it crosses the border
     {**REPLICA, **FAR, "identifier": "main-far", "replicateSourceDb": arn("rds.Instance", "main-primary"),
      "kmsKeyId": FAR_KEY, "dbSubnetGroupName": "main-eu-west-1-subnets-1a2b3c4", "multiAz": True,
      "backupRetentionPeriod": 14, "backupWindow": "03:00-03:30"}),
    ("regions", "rds.Instance", "main-eu-west-1-below",  # follows its neighbour, and takes all that from it
     {**REPLICA, **FAR, "identifier": "main-below", "replicateSourceDb": "main-far",
      "instanceClass": "db.r7g.xlarge", "availabilityZone": "eu-west-1b"}),
    ("regions", "rds.Instance", "main-freed",
     {**without(REPLICA, "replicateSourceDb"), "identifier": "main-freed", "availabilityZone": "eu-central-1a",
      "backupWindow": "03:00-03:30", "deleteAutomatedBackups": False, "skipFinalSnapshot": False,
      "finalSnapshotIdentifier": "main-freed-final-1a2b3c4"}),
    ("cluster", "rds.Cluster", "main-cluster", MULTI_AZ),
    ("aurora", "rds.Cluster", "main-cluster", AURORA),
    ("aurora", "rds.ClusterInstance", "main-writer", MEMBER),
    ("aurora", "rds.ClusterInstance", "main-reader",
     {**MEMBER, "identifier": "main-reader", "promotionTier": 1, "availabilityZone": "eu-central-1a"}),
    ("aurora", "rds.ClusterInstance", "main-reports",
     {**MEMBER, "identifier": "main-reports", "promotionTier": 2, "availabilityZone": "eu-central-1c",
      "instanceClass": "db.r7g.large"}),
]  # fmt: skip
IDS = [f"{stack} {name}" for stack, _, name, _ in DATABASES]


@pytest.mark.parametrize("stack, kind, name, expected", DATABASES, ids=IDS)
def test_every_property(stack: str, kind: str, name: str, expected: dict[str, Any]) -> None:
    assert graph(stack)[0][kind, name] == expected


@pytest.mark.parametrize("stack, kind, name", [row[:3] for row in DATABASES], ids=IDS)
def test_what_holds_data_is_protected_and_has_time(stack: str, kind: str, name: str) -> None:
    asked = graph(stack)[0].requests[kind, name]
    assert asked.protect
    assert {word: getattr(asked.customTimeouts, word) for word in TIMES} == TIMES
    assert "engineVersion" in asked.ignoreChanges
    assert kind == "rds.ClusterInstance" or {"snapshotIdentifier", "restoreToPointInTime"} <= set(asked.ignoreChanges)


@pytest.mark.parametrize("stack, kind, name", [row[:3] for row in DATABASES], ids=IDS)
def test_each_comes_after_its_logs_and_its_role(stack: str, kind: str, name: str) -> None:
    found, _ = graph(stack)
    asked = found.requests[kind, name]
    needed = {urn.rpartition("::")[2] for urn in asked.dependencies}
    label = "main-" if name in ("main-primary", "main-cluster") else f"{name}-"
    if kind != "rds.ClusterInstance":
        logs = {one for one in found.of("cloudwatch.LogGroup") if one.startswith(f"{label}log-")}
        assert len(logs) == len(found[kind, name]["enabledCloudwatchLogsExports"])
        assert logs <= needed
    assert stack == "small" or "main-monitoring" in needed


def test_replicas_are_children_of_the_primary_so_that_they_go_first() -> None:
    found, _ = graph("regions")
    parents = {name: found.requests["rds.Instance", name].parent for name in found.of("rds.Instance")}
    primary = {name for name in parents if parents[name].endswith("::main-primary")}
    assert primary == {"main-near", "main-eu-west-1-far", "main-eu-west-1-below", "main-freed"}


def test_a_replica_is_told_nothing_that_comes_from_its_source() -> None:
    for stack in ("prod", "regions"):
        for name, inputs in graph(stack)[0].of("rds.Instance").items():
            if name != "main-primary":
                forbidden = {"engine", "dbName", "username", "password", "passwordWo", "manageMasterUserPassword"}
                assert forbidden & inputs.keys() == set(), name


def test_a_password_never_travels_as_plain_text() -> None:
    for stack in ("prod", "regions"):
        asked = graph(stack)[0].requests["rds.Instance", "main-primary"]
        assert "passwordWo" in asked.additionalSecretOutputs
        assert "password" not in graph(stack)[0]["rds.Instance", "main-primary"]
