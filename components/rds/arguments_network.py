"""What goes into the network: a VPC of our own where none is named, and who may connect to what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from components.rds.arguments import Arguments, given, region, tags
from components.settings.catalogue import rds as offers
from components.settings.model import Settings
from components.settings.rds.network import ConsumerSettings
from components.settings.rds.replicas import identifier

ZONES = 3
PROXY_PORT = 5432  # RDS Proxy listens nowhere else


def zones(settings: Settings, where: str | None = None) -> tuple[str, ...]:
    """Zones of the stack's region (as asked, else the first three), or of another one."""
    chosen = settings.rds.network.zones if where in (None, region(settings)) else ()
    return chosen or offers.zones(where or region(settings))[:ZONES]


def parts(cidr: str, count: int) -> list[str]:
    """Equal parts of the VPC's addresses, one for each zone; a fourth stays free where there are three."""
    whole = ip_network(cidr)
    return [str(part) for part in whole.subnets(prefixlen_diff=(count - 1).bit_length())][:count]


def ipv6_part(block: str, number: int) -> str:
    """One /64 of the VPC's /56."""
    return str(list(ip_network(block).subnets(new_prefix=64))[number])


def _named(settings: Settings, label: str) -> dict[str, str]:
    """AWS's console shows the tag Name where EC2 has no names."""
    return {**tags(settings), "Name": f"{identifier(settings)}-{label}"}


def vpc(settings: Settings) -> Arguments:
    """Without an internet gateway: nothing in it reaches the internet, nor is reached."""
    return given(
        {
            "cidrBlock": settings.rds.network.cidr,
            "enableDnsHostnames": True,
            "enableDnsSupport": True,
            "assignGeneratedIpv6CidrBlock": True if settings.rds.network.type == "DUAL" else None,
            "tags": _named(settings, "vpc"),
        }
    )


def subnet(settings: Settings, vpc_id: Any, zone: str, cidr: str, ipv6: Any = None) -> Arguments:
    """A private subnet of one zone."""
    return given(
        {
            "vpcId": vpc_id,
            "availabilityZone": zone,
            "cidrBlock": cidr,
            "ipv6CidrBlock": ipv6,
            "mapPublicIpOnLaunch": False,
            "tags": _named(settings, zone),
        }
    )


def default_group(settings: Settings, vpc_id: Any) -> Arguments:
    """The group that AWS gives to whatever names none: it lets nothing in or out (FSBP EC2.2)."""
    return {"vpcId": vpc_id, "ingress": [], "egress": [], "tags": _named(settings, "default")}


def route_table(settings: Settings, vpc_id: Any) -> Arguments:
    """Knows the VPC's own addresses and no other way."""
    return {"vpcId": vpc_id, "routes": [], "tags": _named(settings, "private")}


def subnet_group(settings: Settings, subnets: list[Any]) -> Arguments:
    """Where RDS may put members."""
    return {
        "description": f"Private subnets of {identifier(settings)}",
        "subnetIds": subnets,
        "tags": tags(settings),
    }


def security_group(settings: Settings, vpc_id: Any, target: str) -> Arguments:
    """Of the database or of the pooler. Its rules are resources of their own, so a change of one touches no other."""
    return {
        "description": f"Who may connect to the {target} of {identifier(settings)}",
        "vpcId": vpc_id,
        "revokeRulesOnDelete": True,
        "tags": _named(settings, target),
    }


@dataclass(frozen=True, kw_only=True)
class Ports:
    """First and last port of a target."""

    first: int
    last: int


def ports(settings: Settings, target: str) -> Ports:
    """PgBouncer has two, read-write and read-only; RDS Proxy has PostgreSQL's own."""
    pooler = settings.rds.pooler
    if target == "database":
        return Ports(first=settings.rds.port, last=settings.rds.port)
    if pooler.kind == "rds_proxy":
        return Ports(first=PROXY_PORT, last=PROXY_PORT)
    return Ports(first=pooler.port, last=pooler.port + 1)


def has_pooler(settings: Settings) -> bool:
    """Is there something in front of the database?"""
    return settings.rds.pooler.kind != "none"


def consumers(settings: Settings, *, home: bool = True) -> Iterator[tuple[str, str, ConsumerSettings]]:
    """(name, target, consumer) of each ingress rule. A security group is known in its own region only."""
    targets = ("database", "pooler") if home else ("database",)
    for name, consumer in sorted(settings.rds.network.consumers.items()):
        for target in targets:
            if target in consumer.to and (home or consumer.cidr):
                yield name, target, consumer


def ingress(settings: Settings, group: Any, target: str, consumer: str, asked: ConsumerSettings) -> Arguments:
    """Lets one consumer in at one target."""
    at = ports(settings, target)
    addresses = asked.cidr or ""
    return given(
        {
            "securityGroupId": group,
            "description": asked.description or consumer,
            "ipProtocol": "tcp",
            "fromPort": at.first,
            "toPort": at.last,
            "referencedSecurityGroupId": asked.security_group,
            "cidrIpv4": addresses if addresses and ":" not in addresses else None,
            "cidrIpv6": addresses if ":" in addresses else None,
            "tags": tags(settings),
        }
    )


def between(settings: Settings, group: Any, other: Any, why: str) -> Arguments:
    """A rule of `group` for the database's port and the security group `other`: the pooler's way to the database."""
    at = ports(settings, "database")
    return {
        "securityGroupId": group,
        "description": why,
        "ipProtocol": "tcp",
        "fromPort": at.first,
        "toPort": at.last,
        "referencedSecurityGroupId": other,
        "tags": tags(settings),
    }
