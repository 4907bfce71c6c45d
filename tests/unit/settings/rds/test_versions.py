"""Versions, classes, support and upgrade paths."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.catalogue import rds as offers
from components.settings.catalogue.rds import STANDARD_SUPPORT, Version
from components.settings.catalogue.rds_classes import size
from components.settings.rds.rules import findings
from components.settings.rds.rules.versions import path_problem, target_problem
from tests.unit.settings.rds.stacks import TODAY, advised, problems, settings

PINNED = {"auto_minor_upgrade": False}
MAJORS = st.integers(11, 18)


@pytest.mark.parametrize(
    "rds, major, path, message",
    [
        pytest.param(
            {"engine_version": "15.4", **PINNED},
            15,
            "rds.engine_version",
            "found 15.4, which cannot be created any more; allowed are 15.13 to 15.19; leave it out for the newest",
            id="deprecated",
        ),
        pytest.param(
            {"engine_version": "17.99", **PINNED},
            17,
            "rds.engine_version",
            "found 17.99; on 2026-11-21 RDS knew 17.1 to 17.11; take 17.11, or leave it out for the newest (if AWS"
            " has it by now, add newer-than-the-data to allow)",
            id="unknown",
        ),
        pytest.param(
            {"engine_version": "17", **PINNED},
            17,
            "rds.engine_version",
            "found '17'; allowed is a minor version such as 17.11",
            id="no minor",
        ),
        pytest.param(
            {"engine_version": "16.10", **PINNED},
            17,
            "rds.engine_version",
            "found 16.10, but major is 17; make them agree, or leave engine_version out",
            id="another major",
        ),
        pytest.param(
            {"engine_version": "17.6"},
            17,
            "rds.engine_version",
            "found 17.6 while auto_minor_upgrade is true: RDS would move on and differ from this file; leave it"
            " out, or set"
            " auto_minor_upgrade to false",
            id="pinned and moved on",
        ),
        pytest.param(
            {"instance_class": "db.r7g.larg"},
            17,
            "rds.instance_class",
            "found 'db.r7g.larg'; on 2026-11-21 topology instance had no such class; did you mean db.r7g.large?"
            " (if AWS has it by now, add newer-than-the-data to allow)",
            id="no class",
        ),
        pytest.param(
            {"instance_class": "db.r4.large"},
            17,
            "rds.instance_class",
            "found db.r4.large, which PostgreSQL 17.11 does not have; take db.r7i.large, db.r8a.large, db.r8g.large,"
            " db.r8gd.large (if AWS has it by now, add newer-than-the-data to allow)",
            id="class without the version",
        ),
        pytest.param(
            {"region": "me-central-1", "instance_class": "db.r7g.large"},
            17,
            "rds.instance_class",
            "found db.r7g.large, which me-central-1 does not offer; take db.r5.large, db.r5d.large, db.r6g.large"
            " (if AWS has it by now, add newer-than-the-data to allow)",
            id="class without the region",
        ),
        pytest.param(
            {"topology": "cluster", "instance_class": "db.r7g.large"},
            17,
            "rds.instance_class",
            "found 'db.r7g.large'; on 2026-11-21 topology cluster had no such class; did you mean db.r8gd.large?"
            " (if AWS has it by now, add newer-than-the-data to allow)",
            id="class of an instance for a cluster",
        ),
        pytest.param(
            {"replicas": [{"name": "a", "instance_class": "db.r4.large"}]},
            17,
            "rds.replicas.0.instance_class",
            "found db.r4.large, which PostgreSQL 17.11 does not have; take db.r7i.large, db.r8a.large, db.r8g.large,"
            " db.r8gd.large (if AWS has it by now, add newer-than-the-data to allow)",
            id="replica's class without the version",
        ),
        pytest.param(
            {"serverless": {"min": 1.0, "max": 4.0}},
            17,
            "rds.serverless",
            "belongs to topology aurora with instance_class db.serverless; remove it, or set both",
            id="serverless instance",
        ),
        pytest.param(
            {"topology": "aurora", "instance_class": "db.serverless"},
            17,
            "rds.serverless",
            "is missing; instance_class db.serverless needs min and max",
            id="serverless without capacity",
        ),
        pytest.param(
            {"topology": "aurora", "instance_class": "db.serverless", "serverless": {"min": 0.7, "max": 4.0}},
            17,
            "rds.serverless.min",
            "found 0.7; allowed are steps of 0.5",
            id="capacity between steps",
        ),
        pytest.param(
            {"topology": "aurora", "instance_class": "db.serverless", "serverless": {"min": 8.0, "max": 4.0}},
            17,
            "rds.serverless.min",
            "found 8.0; allowed is max (4.0) or less",
            id="capacity upside down",
        ),
        pytest.param(
            {"upgrade": {"from": 15, "to": 16}},
            17,
            "rds.upgrade.to",
            "found 16, but major is 17; make them agree",
            id="upgrade to another major",
        ),
        pytest.param(
            {"upgrade": {"from": 17, "to": 17}},
            17,
            "rds.upgrade.from",
            "found 17, and to is 17; an upgrade goes to a newer major; remove the block when it is done",
            id="upgrade that is done",
        ),
        pytest.param(
            {"upgrade": {"from": 11, "to": 17}},
            17,
            "rds.upgrade.from",
            "found 11; RDS does not go from 11 to 17 in one step; go to 16 first",
            id="path skipped",
        ),
    ],
)
def test_what_rds_does_not_offer_is_told(rds: dict[str, Any], major: int, path: str, message: str) -> None:
    assert problems(rds, major=major, replicas=0) == {path: message}


def test_the_newest_major_and_every_other_load() -> None:
    for major in range(14, 19):
        assert problems({"instance_class": "db.r6g.large"}, major=major) == {}


def messages(major: int, today: date, **rds: Any) -> list[str]:
    return [f"{'.'.join(path)}: {message}" for path, message in findings(settings(rds, major=major), today)]


def test_what_is_newer_than_the_data_can_be_allowed() -> None:
    newer = {"engine_version": "17.99", "instance_class": "db.r99g.large", "auto_minor_upgrade": False}
    assert len(problems(newer)) == 2
    assert problems(newer, allow=["newer-than-the-data"]) == {}
    gone = {"engine_version": "17.4", "auto_minor_upgrade": False}
    assert "cannot be created any more" in problems(gone, allow=["newer-than-the-data"])["rds.engine_version"]


def test_past_its_support_a_major_is_refused() -> None:
    assert messages(14, date(2027, 2, 28)) == []
    assert messages(14, date(2027, 3, 1)) == [
        "major: found 14, whose standard support ended on 2027-02-28; take 15 or newer, or set rds.extended_support to"
        " true and pay for it"
    ]
    assert messages(14, date(2027, 3, 1), extended_support=True) == []


def test_half_a_year_before_it_is_said() -> None:
    assert advised({"instance_class": "db.r6g.large"}, today=TODAY, major=14) == {
        "major": "is 14, whose standard support ends on 2027-02-28; plan the upgrade"
    }
    assert advised(today=TODAY, major=15) == {}
    assert advised(today=date(2027, 2, 28) - timedelta(days=183), major=14) == {}


@given(MAJORS, MAJORS)
def test_an_upgrade_goes_forward_and_not_too_far(old: int, new: int) -> None:
    assert (path_problem(old, new) is None) == (1 <= new - old <= 5)


VERSIONS = st.sampled_from([one for major in range(11, 19) for one in offers.versions("instance", major)])


@given(VERSIONS, VERSIONS)
def test_a_minor_version_never_goes_back_in_time(running: Version, target: Version) -> None:
    problem = target_problem("instance", running, target)
    if running == target:
        assert problem is None
    elif target.major < running.major or (target.major == running.major and target.minor < running.minor):
        assert problem is not None and "never goes back" in problem
    elif target.major == running.major:
        assert problem is None
    else:
        assert (problem is None) == (target.release >= running.release)


@pytest.mark.parametrize("first, second", [("14.18", "17.5"), ("15.4", "14.9"), ("17.7", "18.1"), ("13.23", "16.11")])
def test_versions_of_one_day_are_one_release(first: str, second: str) -> None:
    one, two = offers.version(first), offers.version(second)
    assert one and two and one.release == two.release


def test_a_target_that_is_too_old_is_told() -> None:
    assert target_problem("instance", Version(14, 22), Version(17, 8)) == (
        "found 17.8, which is older than 14.22 that runs; take 17.9 or newer"
    )


@pytest.mark.parametrize(
    "name, vcpus, memory",
    [
        ("db.r6g.large", 2, 16),
        ("db.t4g.micro", 2, 1),
        ("db.m7g.16xlarge", 64, 256),
        ("db.x2iedn.xlarge", 4, 128),
        ("db.r4.large", 2, 15.25),
        ("db.c6gd.medium", 1, 2),
    ],
)
def test_a_class_has_its_size(name: str, vcpus: int, memory: float) -> None:
    found = size(name)
    assert found is not None
    assert (found.vcpus, found.memory) == (vcpus, memory)


def test_every_class_that_is_offered_has_a_size() -> None:
    offered = {
        name
        for topology in ("instance", "cluster", "aurora")
        for region in offers.regions()
        for name in offers.in_region(topology, region)
    }
    assert {name for name in offered if size(name) is None} == {"db.m1.small", "db.serverless"}


def test_every_major_has_its_day_and_the_default_is_supported() -> None:
    assert set(STANDARD_SUPPORT) == set(range(11, 19))
    assert settings().known_major == 17
