"""Which addresses the VPCs of a stack have that are made for it: one block a region, none over another."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from zlib import crc32

from components.settings.model import Settings
from components.settings.rds.replicas import replicas

PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
SPREAD = 324  # with it no two of today's regions get the same block of 10.0.0.0/8, as a test holds


def addresses(settings: Settings, region: str) -> str:
    """Of the VPC that is made in a region."""
    asked = settings.rds.network
    if region == settings.rds.region:
        return asked.cidr
    return asked.cidrs.get(region) or _elsewhere(asked.cidr, region)


def made_here(settings: Settings) -> Mapping[str, str]:
    """Region -> addresses, of the regions in which a VPC is made."""
    home = settings.rds.region or ""
    abroad = {one.region for one in replicas(settings) if one.region and one.region != home and not one.vpc}
    regions = [*([home] if settings.rds.network.vpc is None else []), *sorted(abroad)]
    return {region: addresses(settings, region) for region in regions}


def _elsewhere(home: str, region: str) -> str:
    """The block follows from the region's name alone, so that another replica elsewhere moves nobody."""
    try:
        block = IPv4Network(home, strict=False)
    except ValueError:
        return home  # refused by the rules, with what is allowed
    around = next((one for one in PRIVATE if block.subnet_of(one)), None)
    if around is None:
        return home  # the same
    count = 1 << (block.prefixlen - around.prefixlen)
    if count < 2:
        return home
    first, size = int(around.network_address), block.num_addresses
    number = (int(block.network_address) - first) // size
    moved = (number + 1 + crc32(region.encode()) % SPREAD % (count - 1)) % count
    return str(IPv4Network((first + moved * size, block.prefixlen)))
