"""Answers of AWS for the tests, each held against AWS's own description of them, which botocore carries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3  # type: ignore[import-untyped]
from botocore.validate import validate_parameters  # type: ignore[import-untyped]

HOME, ACCOUNT = "eu-central-1", "123456789012"


@cache
def _model(service: str) -> Any:
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    return boto3.client(service, region_name=HOME, **keys).meta.service_model


def said(service: str, question: str, answer: Mapping[str, Any]) -> Any:
    """The answer itself; raises where AWS has no such word, or another kind of value for it."""
    validate_parameters(answer, _model(service).operation_model(question).output_shape)
    return answer


def instance(name: str = "main", **changes: Any) -> Any:
    """One that is as it should be; None takes a word away."""
    whole = {
        "DBInstanceIdentifier": name,
        "DBInstanceArn": f"arn:aws:rds:{HOME}:{ACCOUNT}:db:{name}",
        "DBInstanceStatus": "available",
        "DBInstanceClass": "db.r7g.large",
        "Engine": "postgres",
        "EngineVersion": "17.6",
        "AvailabilityZone": f"{HOME}a",
        "SecondaryAvailabilityZone": f"{HOME}b",
        "MultiAZ": True,
        "AllocatedStorage": 100,
        "MaxAllocatedStorage": 400,
        "StorageType": "gp3",
        "DeletionProtection": True,
        "DBParameterGroups": [{"DBParameterGroupName": "main-pg17", "ParameterApplyStatus": "in-sync"}],
        "Endpoint": {"Address": f"{name}.rds", "Port": 5432},
        "PreferredMaintenanceWindow": "sun:03:00-sun:04:00",
        "PendingModifiedValues": {},
        **changes,
    }
    found = {word: value for word, value in whole.items() if value is not None}
    return said("rds", "DescribeDBInstances", {"DBInstances": [found]})["DBInstances"][0]


def replica(name: str = "main-replica-1", **changes: Any) -> Any:
    """One that follows."""
    follows = {"StatusType": "read replication", "Normal": True, "Status": "replicating"}
    own = {"ReadReplicaSourceDBInstanceIdentifier": "main", "StatusInfos": [follows]}
    return instance(name, **{**own, "MultiAZ": False, "SecondaryAvailabilityZone": None, **changes})


def in_cluster(name: str, **changes: Any) -> Any:
    """A member of a cluster."""
    return instance(
        name, **{"MultiAZ": False, "SecondaryAvailabilityZone": None, "DeletionProtection": False, **changes}
    )


def cluster(writer: str, *readers: str, **changes: Any) -> Any:
    """One that is as it should be, with these members."""
    rows = [
        {"DBInstanceIdentifier": one, "IsClusterWriter": one == writer, "DBClusterParameterGroupStatus": "in-sync"}
        for one in (writer, *readers)
    ]
    found = {
        "DBClusterIdentifier": "main",
        "DBClusterArn": f"arn:aws:rds:{HOME}:{ACCOUNT}:cluster:main",
        "Status": "available",
        "Engine": "postgres",
        "EngineVersion": "17.6",
        "AllocatedStorage": 100,
        "StorageType": "io1",
        "DeletionProtection": True,
        "Endpoint": "main.cluster",
        "ReaderEndpoint": "main.cluster-ro",
        "Port": 5432,
        "DBClusterMembers": rows,
        **changes,
    }
    return said("rds", "DescribeDBClusters", {"DBClusters": [found]})["DBClusters"][0]


def service(**changes: Any) -> Any:
    """ECS's, with all its tasks."""
    newest = {"status": "PRIMARY", "rolloutState": "COMPLETED", "rolloutStateReason": "done"}
    found = {
        "serviceName": "main-pooler-1a2b3c4",
        "status": "ACTIVE",
        "desiredCount": 3,
        "runningCount": 3,
        "pendingCount": 0,
        "deployments": [newest],
        "events": [{"id": "1", "message": "(service main-pooler-1a2b3c4) has reached a steady state."}],
        **changes,
    }
    return said("ecs", "DescribeServices", {"services": [found]})["services"][0]


def health(*states: str) -> Any:
    """Of a target group's targets."""
    rows = [{"Target": {"Id": f"10.0.0.{number}"}, "TargetHealth": {"State": one}} for number, one in enumerate(states)]
    return said("elbv2", "DescribeTargetHealth", {"TargetHealthDescriptions": rows})["TargetHealthDescriptions"]


def proxy(**changes: Any) -> Any:
    """RDS Proxy that is as it should be."""
    found = {"DBProxyName": "main-pooler-1a2b3c4", "Status": "available", "Endpoint": "main.proxy", **changes}
    return said("rds", "DescribeDBProxies", {"DBProxies": [found]})["DBProxies"][0]


def target(state: str = "AVAILABLE", **why: str) -> Any:
    """One of a proxy's."""
    found = {"RdsResourceId": "main", "Type": "RDS_INSTANCE", "TargetHealth": {"State": state, **why}}
    return said("rds", "DescribeDBProxyTargets", {"Targets": [found]})["Targets"][0]


def tracked() -> Any:
    """A proxy's target that is a cluster, as it stands beside its members."""
    found = {"RdsResourceId": "main", "Type": "TRACKED_CLUSTER"}
    return said("rds", "DescribeDBProxyTargets", {"Targets": [found]})["Targets"][0]


def maintenance(of: str, **action: Any) -> Any:
    """What AWS wants to do to a resource by its ARN's last part."""
    found = {"ResourceIdentifier": f"arn:aws:rds:{HOME}:{ACCOUNT}:{of}", "PendingMaintenanceActionDetails": [action]}
    answer = {"PendingMaintenanceActions": [found]}
    return said("rds", "DescribePendingMaintenanceActions", answer)["PendingMaintenanceActions"][0]
