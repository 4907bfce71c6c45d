"""Where it lives and who may connect: zones, subnets, consumers, the way in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Network, IPv6Network, ip_network
from itertools import combinations

from components.settings.catalogue import rds as offers
from components.settings.finding import Finding
from components.settings.model import Settings
from components.settings.rds.addresses import made_here
from components.settings.rds.allowed import PUBLIC
from components.settings.rds.rules.places import region_problem, zone_problem

VPC, SUBNET = re.compile(r"vpc-[0-9a-f]{8,17}"), re.compile(r"subnet-[0-9a-f]{8,17}")
GROUP = re.compile(r"sg-[0-9a-f]{8,17}")
TARGET = re.compile(r"(m?i-[0-9a-f]{8,17})|(ecs:[\w-]+_[0-9a-f]{32}_[\w-]+)")
WIDEST = 8  # bits; anything wider is the internet in all but name


def zones_needed(settings: Settings) -> int:
    """Three for a Multi-AZ DB cluster, else two."""
    return 3 if settings.rds.topology == "cluster" else 2


def zones(settings: Settings) -> Iterator[Finding]:
    """Of the region, enough of them, none twice; a single zone only without multi_az."""
    rds, asked = settings.rds, settings.rds.network.zones
    path = ("rds", "network", "zones")
    for index, zone in enumerate(asked):
        if problem := zone_problem(zone, rds.region):
            yield Finding((*path, str(index)), problem)
        elif zone in asked[:index]:
            yield Finding((*path, str(index)), f"found {zone!r} for the second time; name each zone once")
    needed = zones_needed(settings)
    if asked and len(asked) < needed:
        yield Finding(path, f"found {len(asked)}; topology {rds.topology} needs {needed} zones or more; name more")
    elif not asked and rds.region and 0 < len(offers.zones(rds.region)) < needed:
        yield Finding(
            ("rds", "region"), f"has {len(offers.zones(rds.region))} zones; topology {rds.topology} needs {needed}"
        )
    yield from _one_zone(settings)


def _one_zone(settings: Settings) -> Iterator[Finding]:
    rds, path = settings.rds, ("rds", "availability_zone")
    if rds.availability_zone is None:
        return
    if rds.members_are_a_cluster:
        yield Finding(path, f"does not apply to topology {rds.topology}; name zones in rds.network.zones")
    elif rds.multi_az:
        yield Finding(
            path, "cannot be named together with multi_az, which takes two; remove it, or set multi_az to false"
        )
    elif problem := zone_problem(rds.availability_zone, rds.region):
        yield Finding(path, problem)
    elif rds.network.zones and rds.availability_zone not in rds.network.zones:
        yield Finding(path, f"found {rds.availability_zone}, which is not among rds.network.zones; add it there")


def private_network(settings: Settings) -> Iterator[Finding]:
    """An existing VPC with its subnets, or addresses for one of our own."""
    asked = settings.rds.network
    path = ("rds", "network")
    if asked.vpc is not None and not VPC.fullmatch(asked.vpc):
        yield Finding((*path, "vpc"), f"found {asked.vpc!r}; allowed is a VPC's ID (vpc-...)")
    if (asked.vpc is None) != (not asked.subnets):
        yield Finding((*path, "vpc"), "vpc and subnets belong together; name both, or neither and a network is made")
    for index, subnet in enumerate(asked.subnets):
        if not SUBNET.fullmatch(subnet):
            yield Finding((*path, "subnets", str(index)), f"found {subnet!r}; allowed is a subnet's ID (subnet-...)")
    needed = zones_needed(settings)
    if asked.subnets and len(asked.subnets) < needed:
        yield Finding(
            (*path, "subnets"),
            f"found {len(asked.subnets)}; topology {settings.rds.topology} needs {needed}, each in a zone of its own",
        )
    if asked.vpc is None and (problem := _own_addresses(asked.cidr)):
        yield Finding((*path, "cidr"), problem)
    if asked.vpc is not None and "cidr" in asked.model_fields_set:
        yield Finding((*path, "cidr"), "does not apply to an existing VPC; remove it")
    if asked.type == "DUAL" and settings.rds.topology == "cluster":
        yield Finding((*path, "type"), "found DUAL, which a Multi-AZ DB cluster does not have; set IPV4")


def apart(settings: Settings) -> Iterator[Finding]:
    """VPCs of several regions that are made here do not overlap, or they could never be peered."""
    path, made = ("rds", "network", "cidrs"), made_here(settings)
    home = settings.rds.region
    for region, cidr in settings.rds.network.cidrs.items():
        if problem := region_problem(region):
            yield Finding((*path, region), problem)
        elif region == home:
            yield Finding((*path, region), "is the stack's own region, whose addresses rds.network.cidr has; remove it")
        elif region not in made:
            yield Finding((*path, region), "has no replica for which a VPC is made; remove it, or place one there")
        elif problem := _own_addresses(cidr):
            yield Finding((*path, region), problem)
    whole = {region: net for region, cidr in made.items() if (net := _parsed(cidr)) and not _own_addresses(cidr)}
    for region, other in combinations(whole, 2):
        if whole[region].overlaps(whole[other]):
            yield Finding(
                (*path, other),
                f"{whole[other]} of {other} overlaps {whole[region]} of {region}; name other addresses here",
            )


def _own_addresses(text: str) -> str | None:
    network = _parsed(text)
    if not isinstance(network, IPv4Network) or not network.is_private or not 16 <= network.prefixlen <= 24:
        return f"found {text!r}; allowed are private addresses of /16 to /24, such as 10.80.0.0/16"
    return None


def _parsed(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text)
    except (AddressValueError, ValueError):
        return None


def public(settings: Settings) -> Iterator[Finding]:
    """A public address has to be allowed by name."""
    if settings.rds.network.publicly_accessible and PUBLIC not in settings.allow:
        yield Finding(
            ("rds", "network", "publicly_accessible"),
            f"found true: the database would have an address on the internet; set false, or add {PUBLIC} to allow",
        )


def public_needs_a_public_vpc(settings: Settings) -> Iterator[Finding]:
    """The VPC that is made here has no way to the internet, and AWS refuses a public address in it."""
    asked = settings.rds.network
    if asked.publicly_accessible and PUBLIC in settings.allow and asked.vpc is None:
        yield Finding(
            ("rds", "network", "vpc"),
            "is missing; a public address needs a VPC with an internet gateway, and the one that is made here has none;"
            " name yours with its public subnets, or set publicly_accessible to false",
        )


def consumers(settings: Settings) -> Iterator[Finding]:
    """Each is a security group or addresses, never everybody."""
    for name, consumer in settings.rds.network.consumers.items():
        path = ("rds", "network", "consumers", name)
        if (consumer.security_group is None) == (consumer.cidr is None):
            count = "neither" if consumer.cidr is None else "both"
            yield Finding(path, f"found {count} of security_group and cidr; name exactly one")
        if consumer.security_group and not GROUP.fullmatch(consumer.security_group):
            yield Finding(
                (*path, "security_group"),
                f"found {consumer.security_group!r}; allowed is a security group's ID (sg-...)",
            )
        if consumer.cidr is not None and (problem := _open_addresses(consumer.cidr)):
            yield Finding((*path, "cidr"), problem)
        if not consumer.to:
            yield Finding((*path, "to"), "is empty; name pooler, database, or both")
        if "pooler" in consumer.to and settings.rds.pooler.kind == "none":
            yield Finding((*path, "to"), "found pooler, but rds.pooler.kind is none; set to: [database]")


def _open_addresses(text: str) -> str | None:
    network = _parsed(text)
    if network is None:
        return f"found {text!r}; allowed are addresses such as 10.8.0.0/16, without bits behind the mask"
    if network.prefixlen < WIDEST:
        return f"found {text}, which is everybody; name the clients' own addresses, or better their security_group"
    return None


def reach(settings: Settings) -> Iterator[Finding]:
    """Session Manager needs somebody inside."""
    asked, path = settings.rds.reach, ("rds", "reach", "target")
    if asked.by == "direct" and asked.target is not None:
        yield Finding(path, "belongs to by: ssm; remove it, or set by to ssm")
    elif asked.target is not None and not TARGET.fullmatch(asked.target):
        yield Finding(
            path,
            f"found {asked.target!r}; allowed is a managed instance (i-..., mi-...) or ecs:<cluster>_<task>_<runtime>",
        )
    elif asked.by == "ssm" and asked.target is None and settings.rds.pooler.kind != "pgbouncer":
        yield Finding(
            path, "is missing; without PgBouncer's tasks there is nothing in the VPC to go through; name an instance"
        )


def nobody_gets_in(settings: Settings) -> Iterator[Finding]:
    """Advice: a database that answers nobody, this program neither unless it comes by a task of the pooler."""
    asked = settings.rds
    if asked.network.consumers:
        return
    by_task = asked.reach.by == "ssm" and asked.reach.target is None
    who = "nobody can connect" if by_task else "nobody can connect, nor can this program set up access"
    yield Finding(
        ("rds", "network", "consumers"),
        f"is empty, so {who}; name who may, by security_group or cidr, and to what (to: [pooler, database])",
    )


RULES = (zones, private_network, apart, public, public_needs_a_public_vpc, consumers, reach)
ADVICE = (nobody_gets_in,)
