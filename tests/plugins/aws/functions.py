"""Functions of the provider that a program may ask while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.plugins.aws.answered import host
from tests.plugins.aws.kind import Aws
from tests.plugins.protocol_values import Props


def _identity(aws: Aws, _arguments: Props) -> Props:
    found = aws.call("sts", "GetCallerIdentity")
    return {"accountId": found["Account"], "arn": found["Arn"], "userId": found["UserId"], "id": found["Account"]}


def _region(aws: Aws, _arguments: Props) -> Props:
    return {"region": aws.region, "id": aws.region, "name": aws.region, "description": aws.region, "endpoint": ""}


def _partition(aws: Aws, _arguments: Props) -> Props:
    partition = aws.client("sts").meta.partition
    return {"partition": partition, "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws", "id": partition}


def _zones(aws: Aws, _arguments: Props) -> Props:
    rows = aws.call("ec2", "DescribeAvailabilityZones")["AvailabilityZones"]
    return {
        "names": [each["ZoneName"] for each in rows],
        "zoneIds": [each["ZoneId"] for each in rows],
        "id": aws.region,
        "groupNames": [],
    }


def _subnet(aws: Aws, arguments: Props) -> Props:
    row = aws.call("ec2", "DescribeSubnets", SubnetIds=[arguments["id"]])["Subnets"][0]
    return {"id": row["SubnetId"], "vpcId": row["VpcId"], "cidrBlock": row["CidrBlock"],
            "availabilityZone": row["AvailabilityZone"]}  # fmt: skip


def _vpc(aws: Aws, arguments: Props) -> Props:
    row = aws.call("ec2", "DescribeVpcs", VpcIds=[arguments["id"]])["Vpcs"][0]
    return {"id": row["VpcId"], "cidrBlock": row["CidrBlock"]}


def _instance(aws: Aws, arguments: Props) -> Props:
    name = arguments["dbInstanceIdentifier"]
    return _database(name, aws.call("rds", "DescribeDBInstances", DBInstanceIdentifier=name)["DBInstances"][0])


def _cluster(aws: Aws, arguments: Props) -> Props:
    name = arguments["clusterIdentifier"]
    return _database(name, aws.call("rds", "DescribeDBClusters", DBClusterIdentifier=name)["DBClusters"][0])


def _database(name: str, row: Props) -> Props:
    at = row.get("Endpoint")
    secret = row.get("MasterUserSecret")
    return {
        "id": name, "masterUsername": row["MasterUsername"], "engineVersion": row["EngineVersion"],
        "masterUserSecrets": [{"secretArn": secret["SecretArn"]}] if secret else [],
        **({"endpoint": host(str(at))} if isinstance(at, str) else {"address": host(at["Address"]) if at else ""}),
    }  # fmt: skip


def _named(aws: Aws, operation: str, rows: str, name: str, arguments: Props) -> list[str]:
    wanted = {value for one in arguments.get("filters", ()) for value in one["values"]}
    return [row[name] for row in aws.call("rds", operation)[rows] if row[name] in wanted]


def _instances(aws: Aws, arguments: Props) -> Props:
    found = _named(aws, "DescribeDBInstances", "DBInstances", "DBInstanceIdentifier", arguments)
    return {"id": aws.region, "instanceIdentifiers": found}


def _clusters(aws: Aws, arguments: Props) -> Props:
    found = _named(aws, "DescribeDBClusters", "DBClusters", "DBClusterIdentifier", arguments)
    return {"id": aws.region, "clusterIdentifiers": found}


FUNCTIONS: Mapping[str, Callable[[Aws, Props], Props]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:rds/getInstance:getInstance": _instance,
    "aws:rds/getInstances:getInstances": _instances,
    "aws:rds/getCluster:getCluster": _cluster,
    "aws:rds/getClusters:getClusters": _clusters,
}
