"""VPCs of several regions: apart by default, and told of when they are not."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.catalogue import rds as offers
from components.settings.rds.addresses import addresses, made_here
from tests.unit.settings.rds.stacks import problems, settings

FAR = {"replicas": [{"name": "far", "region": "eu-west-1"}]}
AT = "rds.network.cidrs"


def test_no_two_regions_of_today_get_the_same_block() -> None:
    wanted = settings()
    found = {region: addresses(wanted, region) for region in offers.regions()}
    assert len(set(found.values())) == len(found)
    assert found["eu-central-1"] == "10.80.0.0/16"


@given(
    st.sampled_from(["10.80.0.0/16", "10.255.0.0/16", "10.4.16.0/20", "172.31.0.0/16", "192.168.4.0/24"]),
    st.sampled_from(sorted(set(offers.regions()) - {"eu-central-1"})),
)
def test_another_region_is_never_over_home(home: str, region: str) -> None:
    there = ip_network(addresses(settings({"network": {"cidr": home}}), region))
    assert there.prefixlen == ip_network(home).prefixlen
    assert there.is_private and not there.overlaps(ip_network(home))


def test_a_vpc_that_somebody_else_rules_is_not_counted() -> None:
    own = {
        "name": "own",
        "region": "eu-west-1",
        "vpc": "vpc-0a1b2c3d",
        "subnets": ["subnet-0a1b2c3d", "subnet-1a1b2c3d"],
    }
    assert set(made_here(settings({"replicas": [own]}))) == {"eu-central-1"}
    assert set(made_here(settings(FAR))) == {"eu-central-1", "eu-west-1"}


@pytest.mark.parametrize(
    "cidrs, region, message",
    [
        (
            {"eu-west-1": "10.80.128.0/17"}, "eu-west-1",
            "10.80.128.0/17 of eu-west-1 overlaps 10.80.0.0/16 of eu-central-1; name other addresses here",
        ),
        (
            {"eu-west-1": "11.0.0.0/16"}, "eu-west-1",
            "found '11.0.0.0/16'; allowed are private addresses of /16 to /24, such as 10.80.0.0/16",
        ),
        (
            {"eu-central-1": "10.81.0.0/16"}, "eu-central-1",
            "is the stack's own region, whose addresses rds.network.cidr has; remove it",
        ),
        (
            {"us-east-1": "10.81.0.0/16"}, "us-east-1",
            "has no replica for which a VPC is made; remove it, or place one there",
        ),
        (
            {"eu-wets-1": "10.81.0.0/16"}, "eu-wets-1",
            "found 'eu-wets-1', which is no AWS region; did you mean eu-west-1?",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(cidrs: dict[str, Any], region: str, message: str) -> None:
    assert problems({**FAR, "network": {"cidrs": cidrs}}) == {f"{AT}.{region}": message}


def test_addresses_of_ones_own_are_taken() -> None:
    wanted = settings({**FAR, "network": {"cidrs": {"eu-west-1": "10.90.0.0/20"}}})
    assert addresses(wanted, "eu-west-1") == "10.90.0.0/20"


@pytest.mark.parametrize("home", ["eu-central-1", "10.80.0.0/33", "fd00::/48", "11.0.0.0/16"])
def test_home_addresses_that_cannot_be_are_told_once(home: str) -> None:
    message = f"found {home!r}; allowed are private addresses of /16 to /24, such as 10.80.0.0/16"
    assert problems({**FAR, "network": {"cidr": home}}) == {"rds.network.cidr": message}
