"""Regions, zones and ARNs, as several rules need them."""

from __future__ import annotations

import re

from components.settings.catalogue import rds as offers
from components.settings.nearest import nearest

KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key/[a-z0-9-]+")
TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[\w-]{1,256}")


def region_problem(name: str) -> str | None:
    """Why this is no region, as a sentence; None when it is one."""
    if name in offers.regions():
        return None
    like = nearest(name, offers.regions())
    meant = f"; did you mean {like}?" if like else f" (known on {offers.read_on()}: {len(offers.regions())} regions)"
    return f"found {name!r}, which is no AWS region{meant}"


def zone_problem(zone: str, region: str | None) -> str | None:
    """Why this zone is not of that region; None when it is."""
    known = offers.zones(region or "")
    if not known or zone in known:
        return None
    return f"found {zone!r}; region {region} has {', '.join(known)}; name one of them"


def key_problem(arn: str, region: str | None) -> str | None:
    """Why this is no key for that region; None when it is."""
    match = KEY_ARN.fullmatch(arn)
    if match is None:
        return f"found {arn!r}; allowed is the ARN of a KMS key (arn:aws:kms:<region>:<account>:key/<id>), no alias"
    if region is not None and match[1] != region:
        return f"found a key of {match[1]}; data in {region} takes keys of {region} only; name one"
    return None
