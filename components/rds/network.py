"""Declares a region's network: VPC and subnets where none are named, the subnet group, the security groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.rds import arguments_network as arguments
from components.rds.resource import Resource, Scope


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A VPC that somebody else rules."""

    vpc: str
    subnets: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Network:
    """Of one region. `pooler` is the security group of what stands in front; None where nothing does. `table` routes
    in a VPC of our own; None in one that somebody else rules.
    """

    vpc: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    subnet_group: Resource
    database: Resource
    pooler: Resource | None
    table: pulumi.Output[str] | None = None


def network(scope: Scope, existing: Existing | None) -> Network:
    """Subnets in every zone, who may connect to what, and nobody else."""
    settings = scope.settings
    vpc, subnets, table = (existing.vpc, list(existing.subnets), None) if existing else _own(scope)
    database = scope.make("ec2.SecurityGroup", "database", arguments.security_group(settings, vpc, "database"))
    pooler = None
    if scope.home and arguments.has_pooler(settings):
        pooler = scope.make("ec2.SecurityGroup", "pooler", arguments.security_group(settings, vpc, "pooler"))
        _pooler_to_database(scope, pooler, database)
    _consumers(scope, {"database": database, "pooler": pooler})
    group = scope.make("rds.SubnetGroup", "subnets", arguments.subnet_group(settings, subnets), ("name",))
    return Network(vpc=vpc, subnets=subnets, subnet_group=group, database=database, pooler=pooler, table=table)


def _own(scope: Scope) -> tuple[pulumi.Input[str], list[pulumi.Input[str]], pulumi.Output[str] | None]:
    settings = scope.settings
    vpc = scope.make("ec2.Vpc", "vpc", arguments.vpc(settings), ("ipv6CidrBlock",))
    scope.make("ec2.DefaultSecurityGroup", "default", arguments.default_group(settings, vpc.id))
    table = scope.make("ec2.RouteTable", "private", arguments.route_table(settings, vpc.id))
    zones = arguments.zones(settings, scope.region)
    subnets: list[pulumi.Input[str]] = []
    for number, (zone, cidr) in enumerate(
        zip(zones, arguments.parts(settings.rds.network.cidr, len(zones)), strict=True)
    ):
        inputs = arguments.subnet(settings, vpc.id, zone, cidr, _ipv6(scope, vpc, number))
        made = scope.make("ec2.Subnet", zone, inputs)
        joined = {"routeTableId": table.id, "subnetId": made.id}
        scope.make("ec2.RouteTableAssociation", zone, joined)
        subnets.append(made.id)
    return vpc.id, subnets, table.id


def _ipv6(scope: Scope, vpc: Resource, number: int) -> Any:
    if scope.settings.rds.network.type != "DUAL":
        return None
    return vpc["ipv6CidrBlock"].apply(lambda block: arguments.ipv6_part(block, number))


def _pooler_to_database(scope: Scope, pooler: Resource, database: Resource) -> None:
    settings = scope.settings
    inward = arguments.between(settings, database.id, pooler.id, "the pooler")
    outward = arguments.between(settings, pooler.id, database.id, "to the database")
    scope.make("vpc.SecurityGroupIngressRule", "pooler-to-database", inward)
    scope.make("vpc.SecurityGroupEgressRule", "pooler-to-database", outward)


def _consumers(scope: Scope, groups: dict[str, Resource | None]) -> None:
    """One rule for each consumer and target."""
    for name, target, asked in arguments.consumers(scope.settings, home=scope.home):
        group = groups[target]
        if group is not None:
            inputs = arguments.ingress(scope.settings, group.id, target, name, asked)
            scope.make("vpc.SecurityGroupIngressRule", f"{name}-to-{target}", inputs)
