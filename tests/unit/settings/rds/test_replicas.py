"""Read replicas: each rule with its message."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.rds.replicas import (
    identifier,
    managed_password,
    replica_identifier,
    replicas,
    zones_in_turn,
)
from tests.unit.settings.rds.stacks import advised, problems, settings

CHAIN = [{"name": "a"}, *({"name": name, "source": source} for source, name in ("ab", "bc", "cd"))]
BELOW = "rds.replicas"


@pytest.mark.parametrize(
    "named, rds, path, message",
    [
        pytest.param(
            [{"name": f"r{number}"} for number in range(16)],
            {},
            BELOW,
            "found 16 replicas; RDS allows 15; remove some",
            id="too many",
        ),
        pytest.param(
            [{"name": "a"}, {"name": "a"}],
            {},
            f"{BELOW}.1.name",
            "found 'a' for the second time; give each its own name",
            id="one name twice",
        ),
        pytest.param(
            [{"name": "a", "source": "z"}, {"name": "b"}],
            {},
            f"{BELOW}.0.source",
            "found 'z', which is no replica of this stack (others: b); name one, or remove it",
            id="unknown source",
        ),
        pytest.param(
            CHAIN,
            {},
            f"{BELOW}.3.source",
            "makes it 4 deep below the primary; RDS allows 3; take another source",
            id="too deep",
        ),
        pytest.param(
            [{"name": "a", "source": "a"}],
            {},
            f"{BELOW}.0.source",
            "found 'a', which follows 'a' itself in the end",
            id="itself",
        ),
        pytest.param(
            [{"name": "a", "region": "eu-west-9"}],
            {},
            f"{BELOW}.0.region",
            "found 'eu-west-9', which is no AWS region; did you mean eu-west-3?",
            id="no region",
        ),
        pytest.param(
            [{"name": "a", "zone": "eu-west-1a"}],
            {},
            f"{BELOW}.0.zone",
            "found 'eu-west-1a'; region eu-central-1 has eu-central-1a, eu-central-1b, eu-central-1c; name one of them",
            id="zone of another region",
        ),
        pytest.param(
            [{"name": "a", "zone": "eu-central-1a", "multi_az": True}],
            {},
            f"{BELOW}.0.zone",
            "cannot be named together with multi_az, which takes two; remove one of them",
            id="zone and multi_az",
        ),
        pytest.param(
            [{"name": "a", "region": "eu-west-1", "vpc": "vpc-0a1b2c3d"}],
            {},
            f"{BELOW}.0.vpc",
            "vpc and subnets belong together; name both, or neither and a network is made",
            id="half a network",
        ),
        pytest.param(
            [{"name": "a", "region": "eu-west-1"}],
            {"encryption": {"key": "aws"}},
            f"{BELOW}.0.key",
            "is missing; a replica in eu-west-1 needs a key of that region, because rds.encryption.key is not own;"
            " name its"
            " ARN",
            id="no key abroad",
        ),
        pytest.param(
            [{"name": "a", "key": "arn:aws:kms:eu-central-1:123456789012:key/1"}],
            {},
            f"{BELOW}.0.key",
            "comes from the primary in the same region; remove it, or name another region",
            id="a key at home",
        ),
        pytest.param(
            [{"name": "a", "storage": {"max": 90}}],
            {},
            f"{BELOW}.0.storage.max",
            "found 90; the primary has 100 GiB already; raise it",
            id="smaller than the primary",
        ),
        pytest.param(
            [{"name": "a", "storage": {"max": 150}}],
            {},
            f"{BELOW}.0.storage.max",
            "found 150; the primary may grow to 200, and the replica would stop then; set 200 or more, or remove it",
            id="grows less far",
        ),
        pytest.param(
            [{"name": "a", "promote": True}, {"name": "b", "promote": True}],
            {},
            f"{BELOW}.1.promote",
            "found true beside 'a'; promote one, let it finish, then 'b'",
            id="two promotions",
        ),
        pytest.param(
            [{"name": "a", "region": "eu-west-1"}],
            {"topology": "aurora"},
            f"{BELOW}.0.region",
            "does not apply to a reader of Aurora, which has the cluster's; remove it",
            id="Aurora's reader abroad",
        ),
        pytest.param(
            [{"name": "a"}],
            {"topology": "cluster", "instance_class": "db.m6gd.large"},
            BELOW,
            "topology cluster has its two readers and takes no other here; remove them, or take topology instance",
            id="replica of a cluster",
        ),
        pytest.param(
            [{"zone": "eu-central-1a"}],
            {},
            f"{BELOW}.0.name",
            "is missing; allowed is a text that matches ^[a-z](-?[a-z0-9])*$",
            id="no name",
        ),
        pytest.param(
            [{"name": "a", "username": "x"}],
            {},
            f"{BELOW}.0.username",
            "there is no such setting; did you mean name? known here: name, region, zone, instance_class, source,"
            " multi_az,"
            " storage, vpc, subnets, key, parameters, protection, promote",
            id="what a replica takes from its source",
        ),
    ],
)
def test_a_bad_replica_is_told(named: list[Any], rds: dict[str, Any], path: str, message: str) -> None:
    assert problems({"replicas": named} | rds) == {path: message}


def test_a_number_gives_replicas_in_the_other_zones() -> None:
    found = settings({"multi_az": False, "availability_zone": "eu-central-1a", "environment": "staging"},
                     durability="asynchronous")  # fmt: skip
    assert [replica.name for replica in replicas(found)] == ["replica-1", "replica-2"]
    assert zones_in_turn(found) == {"replica-1": "eu-central-1b", "replica-2": "eu-central-1c"}


def test_zones_are_taken_in_turn() -> None:
    named = [{"name": name} for name in "abcd"] + [{"name": "far", "region": "eu-west-1", "multi_az": True}]
    assert zones_in_turn(settings({"replicas": named})) == {
        "a": "eu-central-1a",
        "b": "eu-central-1b",
        "c": "eu-central-1c",
        "d": "eu-central-1a",
        "far": None,
    }


def test_names_and_password_follow_from_the_settings() -> None:
    assert identifier(settings()) == "main"
    assert [replica_identifier(settings(), one) for one in replicas(settings())] == ["main-replica-1", "main-replica-2"]
    assert not managed_password(settings())
    assert managed_password(settings(replicas=0))
    assert managed_password(settings({"topology": "aurora"}))
    assert not managed_password(settings({"credentials": {"mode": "generated"}}, replicas=0))


def test_a_cluster_counts_its_own_readers() -> None:
    assert replicas(settings({"topology": "cluster", "instance_class": "db.m6gd.large"})) == ()


def test_a_smaller_replica_is_unwise() -> None:
    assert advised({"replicas": [{"name": "a", "instance_class": "db.t4g.medium"}]}) == {
        "rds.replicas.0.instance_class": "is db.t4g.medium, smaller than the primary's db.r7g.large: it will fall"
        " behind"
    }


def test_one_zone_for_both_is_unwise() -> None:
    rds = {"multi_az": False, "availability_zone": "eu-central-1a", "environment": "staging",
           "replicas": [{"name": "a", "zone": "eu-central-1a"}]}  # fmt: skip
    assert advised(rds, durability="asynchronous") == {
        "rds.replicas.0.zone": "is eu-central-1a, the zone of the single-zone primary: one fault would take both"
    }
