"""Zones, networks, consumers, and the way in."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.rds.rules import advice
from tests.unit.settings.rds.stacks import problems, settings

SUBNETS = ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]
AT = "rds.network"
ALONE = {"multi_az": False, "environment": "staging"}


@pytest.mark.parametrize(
    "rds, path, message",
    [
        pytest.param(
            {"network": {"zones": ["eu-central-1a"]}},
            f"{AT}.zones",
            "found 1; topology instance needs 2 zones or more; name more",
            id="one zone",
        ),
        pytest.param(
            {
                "topology": "cluster",
                "instance_class": "db.m6gd.large",
                "network": {"zones": ["eu-central-1a", "eu-central-1b"]},
            },
            f"{AT}.zones",
            "found 2; topology cluster needs 3 zones or more; name more",
            id="two zones for a cluster",
        ),
        pytest.param(
            {"network": {"zones": ["eu-west-1a", "eu-central-1b"]}},
            f"{AT}.zones.0",
            "found 'eu-west-1a'; region eu-central-1 has eu-central-1a, eu-central-1b, eu-central-1c; name one of them",
            id="zone outside the region",
        ),
        pytest.param(
            {"network": {"zones": ["eu-central-1a", "eu-central-1b", "eu-central-1a"]}},
            f"{AT}.zones.2",
            "found 'eu-central-1a' for the second time; name each zone once",
            id="zone twice",
        ),
        pytest.param(
            {"availability_zone": "eu-central-1a"},
            "rds.availability_zone",
            "cannot be named together with multi_az, which takes two; remove it, or set multi_az to false",
            id="zone with multi_az",
        ),
        pytest.param(
            {"availability_zone": "eu-central-1z", **ALONE},
            "rds.availability_zone",
            "found 'eu-central-1z'; region eu-central-1 has eu-central-1a, eu-central-1b, eu-central-1c; name one"
            " of them",
            id="no such zone",
        ),
        pytest.param(
            {"topology": "aurora", "availability_zone": "eu-central-1a"},
            "rds.availability_zone",
            "does not apply to topology aurora; name zones in rds.network.zones",
            id="zone of a cluster",
        ),
        pytest.param(
            {"network": {"vpc": "vpc-0a1b2c3d"}},
            f"{AT}.vpc",
            "vpc and subnets belong together; name both, or neither and a network is made",
            id="VPC without subnets",
        ),
        pytest.param(
            {"network": {"vpc": "main", "subnets": SUBNETS}},
            f"{AT}.vpc",
            "found 'main'; allowed is a VPC's ID (vpc-...)",
            id="no VPC",
        ),
        pytest.param(
            {"network": {"vpc": "vpc-0a1b2c3d", "subnets": [SUBNETS[0], "private"]}},
            f"{AT}.subnets.1",
            "found 'private'; allowed is a subnet's ID (subnet-...)",
            id="no subnet",
        ),
        pytest.param(
            {"network": {"vpc": "vpc-0a1b2c3d", "subnets": SUBNETS[:1]}},
            f"{AT}.subnets",
            "found 1; topology instance needs 2, each in a zone of its own",
            id="one subnet",
        ),
        pytest.param(
            {"network": {"cidr": "8.8.0.0/16"}},
            f"{AT}.cidr",
            "found '8.8.0.0/16'; allowed are private addresses of /16 to /24, such as 10.80.0.0/16",
            id="public addresses",
        ),
        pytest.param(
            {"network": {"cidr": "10.0.0.0/28"}},
            f"{AT}.cidr",
            "found '10.0.0.0/28'; allowed are private addresses of /16 to /24, such as 10.80.0.0/16",
            id="too few addresses",
        ),
        pytest.param(
            {"network": {"vpc": "vpc-0a1b2c3d", "subnets": SUBNETS, "cidr": "10.0.0.0/16"}},
            f"{AT}.cidr",
            "does not apply to an existing VPC; remove it",
            id="addresses of an existing VPC",
        ),
        pytest.param(
            {"topology": "cluster", "instance_class": "db.m6gd.large", "network": {"type": "DUAL"}},
            f"{AT}.type",
            "found DUAL, which a Multi-AZ DB cluster does not have; set IPV4",
            id="IPv6 for a cluster",
        ),
        pytest.param(
            {"network": {"publicly_accessible": True}},
            f"{AT}.publicly_accessible",
            "found true: the database would have an address on the internet; set false, or add public-database to"
            " allow",
            id="public",
        ),
        pytest.param(
            {"network": {"consumers": {"all": {"cidr": "0.0.0.0/0"}}}},
            f"{AT}.consumers.all.cidr",
            "found 0.0.0.0/0, which is everybody; name the clients' own addresses, or better their security_group",
            id="everybody",
        ),
        pytest.param(
            {"network": {"consumers": {"all": {"cidr": "::/0"}}}},
            f"{AT}.consumers.all.cidr",
            "found ::/0, which is everybody; name the clients' own addresses, or better their security_group",
            id="everybody by IPv6",
        ),
        pytest.param(
            {"network": {"consumers": {"api": {"cidr": "10.0.0.1/8"}}}},
            f"{AT}.consumers.api.cidr",
            "found '10.0.0.1/8'; allowed are addresses such as 10.8.0.0/16, without bits behind the mask",
            id="bits behind the mask",
        ),
        pytest.param(
            {"network": {"consumers": {"api": {"security_group": "web"}}}},
            f"{AT}.consumers.api.security_group",
            "found 'web'; allowed is a security group's ID (sg-...)",
            id="no security group",
        ),
        pytest.param(
            {"network": {"consumers": {"api": {}}}},
            f"{AT}.consumers.api",
            "found neither of security_group and cidr; name exactly one",
            id="nobody",
        ),
        pytest.param(
            {"pooler": {"kind": "none"}, "network": {"consumers": {"api": {"security_group": "sg-0a1b2c3d"}}}},
            f"{AT}.consumers.api.to",
            "found pooler, but rds.pooler.kind is none; set to: [database]",
            id="to a pooler that is not there",
        ),
        pytest.param(
            {"network": {"consumers": {"api": {"security_group": "sg-0a1b2c3d", "to": []}}}},
            f"{AT}.consumers.api.to",
            "is empty; name pooler, database, or both",
            id="to nothing",
        ),
        pytest.param(
            {"reach": {"target": "i-0a1b2c3d"}},
            "rds.reach.target",
            "belongs to by: ssm; remove it, or set by to ssm",
            id="target without ssm",
        ),
        pytest.param(
            {"reach": {"by": "ssm", "target": "bastion"}},
            "rds.reach.target",
            "found 'bastion'; allowed is a managed instance (i-..., mi-...) or ecs:<cluster>_<task>_<runtime>",
            id="no target",
        ),
        pytest.param(
            {"reach": {"by": "ssm"}, "pooler": {"kind": "rds_proxy"}},
            "rds.reach.target",
            "is missing; without PgBouncer's tasks there is nothing in the VPC to go through; name an instance",
            id="nothing to go through",
        ),
    ],
)
def test_a_bad_place_is_told(rds: dict[str, Any], path: str, message: str) -> None:
    durability = "asynchronous" if rds.get("multi_az") is False else "zero-loss"
    assert problems(rds, durability=durability) == {path: message}


def test_a_public_database_can_be_allowed_by_name() -> None:
    ours = {"vpc": "vpc-0123456789abcdef0", "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]}
    assert problems({"network": {"publicly_accessible": True, **ours}}, allow=["public-database"]) == {}


def test_a_public_database_needs_a_network_with_a_way_out() -> None:
    found = problems({"network": {"publicly_accessible": True}}, allow=["public-database"])
    assert found == {
        "rds.network.vpc": "is missing; a public address needs a VPC with an internet gateway, and the one that is made"
        " here has none; name yours with its public subnets, or set publicly_accessible to false"
    }


def test_an_existing_network_with_its_consumers_passes() -> None:
    consumers = {
        "api": {"security_group": "sg-0a1b2c3d", "to": ["pooler", "database"], "description": "the API"},
        "office": {"cidr": "10.8.0.0/16", "to": ["database"]},
    }
    assert problems({"network": {"vpc": "vpc-0a1b2c3d", "subnets": SUBNETS, "consumers": consumers}}) == {}


@pytest.mark.parametrize(
    ("rds", "who"),
    [
        ({}, "nobody can connect, nor can this program set up access"),
        ({"reach": {"by": "ssm"}}, "nobody can connect"),
        ({"network": {"consumers": {"api": {"cidr": "10.9.0.0/16"}}}}, None),
    ],
    ids=["nobody", "by a task", "somebody"],
)
def test_a_database_that_answers_nobody_is_told_of(rds: dict[str, Any], who: str | None) -> None:
    found = {".".join(one.path): one.message for one in advice(settings(rds))}
    said = found.get(f"{AT}.consumers")
    assert (said is None) == (who is None)
    assert who is None or str(said).startswith(f"is empty, so {who}; name who may")
