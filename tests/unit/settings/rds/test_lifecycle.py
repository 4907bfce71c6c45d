"""What keeps the data: each rule with its message."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.rds.stacks import REGION, problems

KEY = f"arn:aws:kms:{REGION}:123456789012:key/0a1b2c3d"
ELSEWHERE = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d"
BACKUP_ARN = f"arn:aws:rds:{REGION}:123456789012:auto-backup:ab-0a1b2c3d"


@pytest.mark.parametrize(
    "rds, path, message",
    [
        pytest.param(
            {"region": "eu-centrl-1"},
            "rds.region",
            "found 'eu-centrl-1', which is no AWS region; did you mean eu-central-1?",
            id="no region",
        ),
        pytest.param(
            {"encryption": {"key": "alias/db"}},
            "rds.encryption.key",
            "found 'alias/db'; allowed is the ARN of a KMS key (arn:aws:kms:<region>:<account>:key/<id>), no"
            " alias, or own,"
            " or aws",
            id="alias of a key",
        ),
        pytest.param(
            {"encryption": {"key": ELSEWHERE}},
            "rds.encryption.key",
            "found a key of eu-west-1; data in eu-central-1 takes keys of eu-central-1 only; name one, or own, or aws",
            id="key of another region",
        ),
        pytest.param(
            {"ca": "rds-ca-2019"},
            "rds.ca",
            "found 'rds-ca-2019'; allowed is one of rds-ca-rsa2048-g1, rds-ca-rsa4096-g1, rds-ca-ecc384-g1; did"
            " you mean"
            " rds-ca-rsa2048-g1?",
            id="dead authority",
        ),
        pytest.param(
            {"credentials": {"mode": "managed"}},
            "rds.credentials.mode",
            "found managed, which RDS refuses while there are replicas; take generated (or auto), or do without"
            " replicas"
            " (replicas: 0)",
            id="managed with replicas",
        ),
        pytest.param(
            {
                "credentials": {"mode": "managed"},
                "replicas": [],
                "blue_green": True,
                "protection": False,
                "environment": "staging",
            },
            "rds.credentials.mode",
            "found managed, which RDS refuses while blue_green is on; take generated (or auto), or do without"
            " blue_green",
            id="managed with blue/green",
        ),
        pytest.param(
            {"backup": {"retention": 0}},
            "rds.backup.retention",
            "found 0, but replicas need backups; set 1 to 35 days",
            id="replicas without backups",
        ),
        pytest.param(
            {"backup": {"retention": 0}, "replicas": [], "upgrade": {"from": 16, "to": 17}},
            "rds.backup.retention",
            "found 0, but upgrade need backups; set 1 to 35 days",
            id="upgrade without backups",
        ),
        pytest.param(
            {"backup": {"retention": 0}, "topology": "cluster", "instance_class": "db.m6gd.large"},
            "rds.backup.retention",
            "found 0, but topology cluster need backups; set 1 to 35 days",
            id="cluster without backups",
        ),
        pytest.param(
            {"backup": {"retention": 0}, "replicas": []},
            "rds.backup.retention",
            "found 0 in environment production; only throwaway goes without; set 1 to 35 days",
            id="production without backups",
        ),
        pytest.param(
            {"backup": {"retention": 36}},
            "rds.backup.retention",
            "found 36; allowed is a whole number from 0 to 35",
            id="kept too long",
        ),
        pytest.param(
            {"backup": {"cross_region": {"region": REGION}}},
            "rds.backup.cross_region.region",
            "found eu-central-1, where the database itself is; name another region",
            id="copies at home",
        ),
        pytest.param(
            {"backup": {"cross_region": {"region": "eu-west-1", "key": KEY}}},
            "rds.backup.cross_region.key",
            "found a key of eu-central-1; data in eu-west-1 takes keys of eu-west-1 only; name one",
            id="copies with the wrong key",
        ),
        pytest.param(
            {"topology": "aurora", "backup": {"cross_region": {"region": "eu-west-1"}}},
            "rds.backup.cross_region",
            "AWS has none for topology aurora; remove it, or take topology instance",
            id="copies of a cluster",
        ),
        pytest.param(
            {"restore": {"snapshot": "before", "point_in_time": {"source": "old"}}},
            "rds.restore",
            "found both of snapshot and point_in_time; name exactly one",
            id="two sources",
        ),
        pytest.param(
            {"restore": {}},
            "rds.restore",
            "found neither of snapshot and point_in_time; name exactly one",
            id="no source",
        ),
        pytest.param(
            {"restore": {"snapshot": "before"}, "username": "app_admin"},
            "rds.username",
            "comes with the snapshot of rds.restore; remove it here",
            id="snapshot with a user",
        ),
        pytest.param(
            {"restore": {"snapshot": "be fore"}},
            "rds.restore.snapshot",
            "found 'be fore'; allowed is a snapshot's identifier or ARN",
            id="no snapshot",
        ),
        pytest.param(
            {"restore": {"point_in_time": {}}},
            "rds.restore.point_in_time",
            "found neither of source and source_backup; name exactly one",
            id="moment of what",
        ),
        pytest.param(
            {"restore": {"point_in_time": {"source_backup": BACKUP_ARN, "time": "2026-11-21 09:45"}}},
            "rds.restore.point_in_time.time",
            "found '2026-11-21 09:45'; allowed is UTC such as 2026-11-21T09:45:00Z",
            id="no moment",
        ),
        pytest.param(
            {"restore": {"point_in_time": {"source_backup": "main"}}},
            "rds.restore.point_in_time.source_backup",
            "found 'main'; allowed is the ARN of automated backups (arn:aws:rds:...:auto-backup:...)",
            id="no backups",
        ),
        pytest.param(
            {"topology": "aurora", "restore": {"point_in_time": {"source_backup": BACKUP_ARN}}},
            "rds.restore.point_in_time.source_backup",
            "does not apply to topology aurora, whose backups end with it; name the source, or a snapshot",
            id="backups of a cluster that is gone",
        ),
        pytest.param(
            {"final_snapshot": False},
            "rds.final_snapshot",
            "found false in environment production: destroying it would leave nothing; set true, or add"
            " without-final-snapshot to allow",
            id="no last snapshot",
        ),
        pytest.param(
            {"final_snapshot": False, "environment": "staging"},
            "rds.final_snapshot",
            "found false in environment staging; only throwaway goes without; set true",
            id="no last snapshot of staging",
        ),
        pytest.param(
            {"protection": False},
            "rds.protection",
            "found false in environment production: a deletion or replacement would go through; set true, or add"
            " without-protection to allow",
            id="unprotected",
        ),
        pytest.param(
            {"windows": {"apply_immediately": True}},
            "rds.windows.apply_immediately",
            "found true in environment production: outages would come outside the maintenance window; set false, or add"
            " changes-at-once to allow",
            id="changes at once",
        ),
        pytest.param(
            {"blue_green": True, "protection": False, "environment": "staging"},
            "rds.blue_green",
            "found true; replicas would be left behind; set false, or replicas to 0",
            id="blue/green with replicas",
        ),
        pytest.param(
            {"blue_green": True, "replicas": []},
            "rds.blue_green",
            "found true while rds.protection is on, with which RDS cannot remove the old copy; set protection to"
            " false for"
            " the change and back afterwards, or blue_green to false",
            id="blue/green while protected",
        ),
        pytest.param(
            {"blue_green": True, "topology": "aurora", "protection": False, "environment": "staging"},
            "rds.blue_green",
            "found true; it works for topology instance only, not for aurora; set false",
            id="blue/green of a cluster",
        ),
        pytest.param(
            {
                "blue_green": True,
                "replicas": [],
                "protection": False,
                "environment": "staging",
                "upgrade": {"from": 16, "to": 17},
            },
            "parameters.rds.logical_replication",
            "must be on before a major upgrade by blue_green, which copies by logical replication; set it, reboot, then"
            " upgrade",
            id="blue/green upgrade without logical replication",
        ),
    ],
)
def test_what_would_lose_data_or_time_is_told(rds: dict[str, Any], path: str, message: str) -> None:
    assert problems(rds) == {path: message}


def test_a_stack_without_region_is_told() -> None:
    assert problems({"region": None}) == {
        "rds.region": "is missing; set it, or aws:region of the stack, to an AWS region such as eu-central-1"
    }
    assert problems({"region": None}, **{"aws:region": REGION}) != {}


def test_without_a_standby_two_things_are_told() -> None:
    assert problems({"multi_az": False}) == {
        "durability": "found zero-loss; without rds.multi_az a commit is on one volume only; set rds.multi_az to"
        " true, or"
        " durability to asynchronous",
        "rds.multi_az": "found false in environment production: a lost zone would end it; set true, or add"
        " without-standby"
        " to allow",
    }


@pytest.mark.parametrize(
    "rds, others",
    [
        pytest.param({"final_snapshot": False}, {"allow": ["without-final-snapshot"]}, id="allowed by name"),
        pytest.param({"protection": False}, {"allow": ["without-protection"]}, id="unprotected on purpose"),
        pytest.param({"windows": {"apply_immediately": True}}, {"allow": ["changes-at-once"]}, id="at once on purpose"),
        pytest.param(
            {
                "environment": "throwaway",
                "final_snapshot": False,
                "protection": False,
                "multi_az": False,
                "replicas": [],
                "backup": {"retention": 0},
            },
            {"durability": "asynchronous"},
            id="a throw-away environment",
        ),
        pytest.param({"credentials": {"mode": "managed"}, "topology": "aurora"}, {}, id="Aurora manages with readers"),
        pytest.param({"credentials": {"mode": "managed"}}, {"replicas": 0}, id="managed alone"),
        pytest.param({"restore": {"snapshot": "rds:main-2026-11-20-03-05"}}, {}, id="an automated snapshot"),
        pytest.param(
            {"backup": {"cross_region": {"region": "eu-west-1", "key": ELSEWHERE}}, "encryption": {"key": KEY}},
            {},
            id="copies with their key",
        ),
        pytest.param(
            {
                "blue_green": True,
                "replicas": [],
                "protection": False,
                "environment": "staging",
                "upgrade": {"from": 16, "to": 17},
            },
            {"parameters": {"rds.logical_replication": True}},
            id="blue/green where it works",
        ),
    ],
)
def test_what_is_good_passes(rds: dict[str, Any], others: dict[str, Any]) -> None:
    assert problems(rds, **others) == {}
