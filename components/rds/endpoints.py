"""AWS's interfaces inside a VPC of our own, which has no way to the internet: what ECS needs to start a task there.

The pooler's image must then lie in ECR of the stack's region: no other registry is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from components.rds.arguments import Arguments, tags
from components.rds.pooler_arguments import HTTPS
from components.rds.pooler_containers import reaches_by_task
from components.rds.resource import Resource, Scope
from components.settings.model import Settings

FETCHING = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
REACHING = ("ssmmessages",)  # Session Manager's way into a task
LAYERS = "s3"  # ECR keeps an image's layers there; its endpoint is a route and costs nothing


def services(settings: Settings) -> tuple[str, ...]:
    """Those that have an interface in each subnet; each costs by the hour."""
    return FETCHING + (REACHING if reaches_by_task(settings) else ())


def interface(settings: Settings, where: str, service: str, vpc: Any, subnets: Sequence[Any], group: Any) -> Arguments:
    """A service's own names lead to it, inside the VPC."""
    return {
        "vpcId": vpc,
        "serviceName": f"com.amazonaws.{where}.{service}",
        "vpcEndpointType": "Interface",
        "subnetIds": list(subnets),
        "securityGroupIds": [group],
        "privateDnsEnabled": True,
        "tags": tags(settings),
    }


def gateway(settings: Settings, where: str, vpc: Any, table: Any) -> Arguments:
    """A route to S3."""
    return {
        "vpcId": vpc,
        "serviceName": f"com.amazonaws.{where}.{LAYERS}",
        "vpcEndpointType": "Gateway",
        "routeTableIds": [table],
        "tags": tags(settings),
    }


def endpoints(
    scope: Scope, vpc: pulumi.Input[str], subnets: Sequence[pulumi.Input[str]], table: Any, client: Any
) -> list[Resource]:
    """All of them, open to the security group `client` alone; what needs them waits for them."""
    settings = scope.settings
    inputs = {"description": "Who may ask AWS's interfaces", "vpcId": vpc, "tags": tags(settings)}
    group = scope.make("ec2.SecurityGroup", "endpoints", inputs)
    rule = {"securityGroupId": group.id, "referencedSecurityGroupId": client, "description": "the pooler"}
    at = {"ipProtocol": "tcp", "fromPort": HTTPS, "toPort": HTTPS, "tags": tags(settings)}
    made = [scope.make("vpc.SecurityGroupIngressRule", "pooler-to-endpoints", {**rule, **at})]
    for service in services(settings):
        asked = interface(settings, scope.region, service, vpc, subnets, group.id)
        made.append(scope.make("ec2.VpcEndpoint", service.replace(".", "-"), asked))
    made.append(scope.make("ec2.VpcEndpoint", LAYERS, gateway(settings, scope.region, vpc, table)))
    return made
