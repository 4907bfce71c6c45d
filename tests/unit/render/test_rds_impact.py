"""What a change does on RDS is said before it is done, for each setting there is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.render.promise import promise
from components.render.rds_impact import COSTS, Effect, cost, deployment, effects, report, waiting
from components.settings.rds.exports import log_exports
from tests.unit.settings.rds.stacks import IMAGE, merged, settings

FULL: dict[str, Any] = {
    "database": "app",
    "account": "123456789012",
    "identifier": "main",
    "dns": {"zone": "Z01234567", "writer": "db.example.com", "reader": "r.example.com", "pooled": "p.example.com"},
    "network": {"consumers": {"api": {"security_group": "sg-0a1b2c3d", "description": "the API"}}},
    "iam": {"logins": {"app": ["api"]}},
    "backup": {"cross_region": {"region": "eu-west-1"}},
    "restore": {"snapshot": "before"},
    "replicas": [
        {"name": "near"},
        {"name": "far", "region": "eu-west-1", "parameters": {"hot_standby_feedback": True}},
    ],
    "storage": {"size": 400, "iops": 12000, "throughput": 500, "max": 800},
    "alarms": {"email": ["ops@example.com"], "overrides": {"DBLoad": {"threshold": 3.0}}},
    "monitoring": {"insights_retention": 31},
    "tags": {"team": "data"},
}
del FULL["database"]  # it would come with the snapshot


def changed(change: dict[str, Any], base: dict[str, Any] | None = None, **others: Any) -> list[Effect]:
    """Effects of a change of a stack's `rds:`."""
    start = base or {}
    return effects(deployment(settings(start)), deployment(settings(merged(start, change), **others)))


def test_nothing_changed_is_nothing() -> None:
    assert changed({}) == []
    assert changed({}, FULL) == []


def test_every_setting_has_its_cost() -> None:
    """A setting whose cost nobody wrote down would be a change that nobody announces."""
    paths = [path for path in deployment(settings(FULL)) if not path.startswith("parameters.")]
    single = [path for path in paths if not (path.startswith("rds.replicas.") and path.count(".") == 2)]
    assert {path: cost(path) for path in single if cost(path) not in COSTS} == {}


@pytest.mark.parametrize(
    "change, said",
    [
        pytest.param(
            {"instance_class": "db.r7g.xlarge"},
            "rds.instance_class: db.r7g.large -> db.r7g.xlarge: in the maintenance window; 60 to 120 s away",
            id="class",
        ),
        pytest.param(
            {"storage": {"size": 150}},
            "rds.storage.size: 100 -> 150: at once, works on for hours, then no change of storage for 6 h",
            id="storage",
        ),
        pytest.param(
            {"storage": {"type": "io2", "iops": 3000}},
            "rds.storage.type: (default) -> io2: at once, works on for hours, then no change of storage for 6 h;"
            " nightly"
            " backups pause meanwhile",
            id="storage type",
        ),
        pytest.param(
            {"windows": {"backup": "01:00-01:30"}},
            "rds.windows.backup: 03:00-03:30 -> 01:00-01:30: at once, nobody is cut off",
            id="window",
        ),
        pytest.param(
            {"backup": {"retention": 7}}, "rds.backup.retention: 14 -> 7: at once, nobody is cut off", id="retention"
        ),
        pytest.param(
            {"encryption": {"key": "aws"}},
            "rds.encryption.key: own -> aws: a new database: the data is lost unless it is restored; refused while"
            " protected",
            id="key",
        ),
        pytest.param(
            {"username": "another_admin"},
            "rds.username: platform_admin -> another_admin: a new database: the data is lost unless it is"
            " restored; refused"
            " while protected",
            id="user",
        ),
        pytest.param(
            {"port": 5433},
            "rds.port: 5432 -> 5433: the server restarts at once, whatever the window; 60 to 120 s away",
            id="port",
        ),
        pytest.param(
            {"ca": "rds-ca-ecc384-g1"},
            "rds.ca: rds-ca-rsa2048-g1 -> rds-ca-ecc384-g1: waits for a reboot, which nobody but you starts",
            id="authority",
        ),
        pytest.param(
            {"identifier": "other"},
            "rds.identifier: main -> other: in the maintenance window: the endpoints change, clients must follow; 60 to"
            " 120 s away",
            id="name",
        ),
        pytest.param(
            {"engine_version": "17.10", "auto_minor_upgrade": False},
            "rds.engine_version: (default) -> 17.10: in the maintenance window, primary and standby together; 5 to"
            " 10 min"
            " away",
            id="minor version",
        ),
        pytest.param(
            {"replicas": [{"name": "replica-1"}, {"name": "replica-2"}, {"name": "c"}]},
            "rds.replicas.c: (default) -> new: the replica is made from a snapshot; the primary goes on",
            id="replica added",
        ),
        pytest.param(
            {"replicas": [{"name": "replica-1"}]},
            "rds.replicas.replica-2: there -> gone: the replica is deleted, its readers are cut off",
            id="replica removed",
        ),
        pytest.param(
            {"replicas": [{"name": "replica-1", "promote": True}, {"name": "replica-2"}]},
            "rds.replicas.replica-1.promote: false -> true: it follows nobody any more; its backups begin with the next"
            " `pulumi up`; 1 to 5 min for its own readers away",
            id="replica promoted",
        ),
        pytest.param(
            {"replicas": [{"name": "replica-1", "zone": "eu-central-1c"}, {"name": "replica-2"}]},
            "rds.replicas.replica-1.zone: (default) -> eu-central-1c: the replica is made anew, its readers are"
            " cut off; no"
            " data is lost",
            id="replica moved",
        ),
        pytest.param(
            {"restore": {"snapshot": "before"}},
            "rds.restore.snapshot: (default) -> before: nothing happens: only a new database reads it",
            id="restore",
        ),
        pytest.param(
            {"pooler": {"image": IMAGE.replace("0123", "3210", 1)}},
            "the pooler's tasks are replaced one by one, clients reconnect",
            id="pooler",
        ),
    ],
)
def test_each_kind_of_change_is_said(change: dict[str, Any], said: str) -> None:
    assert any(line.endswith(said) for line in report(changed(change))), list(report(changed(change)))


def test_turning_backups_on_stops_writes_for_a_moment() -> None:
    off = {"environment": "throwaway", "replicas": [], "backup": {"retention": 0}}
    [found] = changed({"backup": {"retention": 7}}, off)
    assert str(found) == "rds.backup.retention: 0 -> 7: in the maintenance window, I/O stops for seconds to minutes"


def test_without_a_standby_a_restart_takes_longer() -> None:
    alone = settings({"multi_az": False, "environment": "staging"}, durability="asynchronous")
    larger = settings(
        {"multi_az": False, "environment": "staging", "instance_class": "db.r7g.xlarge"}, durability="asynchronous"
    )
    [found] = effects(deployment(alone), deployment(larger))
    assert found.outage == "5 to 15 min"


def test_apply_immediately_waits_for_no_window() -> None:
    base = {"windows": {"apply_immediately": True}, "environment": "staging"}
    [found] = changed({"instance_class": "db.r7g.xlarge"}, base)
    assert str(found).endswith("db.r7g.xlarge: at once (apply_immediately); 60 to 120 s away")
    assert waiting([found]) == []


def test_a_major_upgrade_is_long_and_final() -> None:
    old, new = settings(major=16), settings({"upgrade": {"from": 16, "to": 17}}, major=17)
    said = [str(one) for one in effects(deployment(old), deployment(new)) if one.path == "major"]
    assert said == [
        "major: 16 -> 17: in the maintenance window, major upgrade, replicas with it; there is no way back; 10 to"
        " 30 min"
        " and more away"
    ]


def test_static_parameters_wait_and_dynamic_ones_do_not() -> None:
    found = changed({}, None, parameters={"max_connections": 500, "work_mem": "8MB", "rds.logical_replication": True})
    assert [(one.path, one.when) for one in found] == [
        ("parameters.max_connections", "at a reboot"),
        ("parameters.rds.logical_replication", "at a reboot"),
        ("parameters.work_mem", "at once"),
    ]
    assert [one.path for one in waiting(found)] == ["parameters.max_connections", "parameters.rds.logical_replication"]


def test_the_same_value_written_otherwise_is_no_change() -> None:
    old, new = settings(parameters={"work_mem": "1MB"}), settings(parameters={"work_mem": "1024kB"})
    assert effects(deployment(old), deployment(new)) == []
    assert effects(deployment(settings()), deployment(settings(parameters={"jit": "on"}))) == []


def test_what_loses_data_comes_first() -> None:
    change = {"encryption": {"key": "aws"}, "tags": {"a": "b"}, "instance_class": "db.r7g.xlarge"}
    lines = list(report(changed(change)))
    assert [line.partition(":")[0] for line in lines] == ["rds.encryption.key", "rds.instance_class", "rds.tags.a"]


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "port": st.sampled_from([5432, 5433]),
        "multi_az": st.just(True),
        "dashboard": st.booleans(),
        "tags": st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", "2"])),
        "storage": st.fixed_dictionaries({"size": st.sampled_from([100, 150])}),
    },
)


@given(CHANGES, CHANGES)
def test_there_and_back_names_the_same_settings(one: dict[str, Any], two: dict[str, Any]) -> None:
    first, second = deployment(settings(one)), deployment(settings(two))
    there, back = effects(first, second), effects(second, first)
    assert [(effect.path, effect.old, effect.new) for effect in there] == [
        (effect.path, effect.new, effect.old) for effect in back
    ]
    assert (there == []) == (first == second)


def test_a_replicas_own_parameters_are_told_like_the_stacks() -> None:
    named = [{"name": "near", "parameters": {"hot_standby_feedback": True, "max_connections": 900}}]
    found = changed({"replicas": named}, {"replicas": [{"name": "near"}]})
    assert [(one.path, one.when) for one in found] == [
        ("rds.replicas.near.parameters.hot_standby_feedback", "at once"),
        ("rds.replicas.near.parameters.max_connections", "at a reboot"),
    ]


@pytest.mark.parametrize(
    "rds, durability, promised",
    [
        pytest.param(
            {},
            "zero-loss",
            [
                "RTO: Amazon's Multi-AZ failover, usually 60 to 120 s",
                "RPO 0: a commit is"
                " acknowledged when the standby's zone has it, too; read replicas follow asynchronously",
            ],
            id="standby",
        ),
        pytest.param(
            {"topology": "cluster", "instance_class": "db.m6gd.large"},
            "zero-loss",
            [
                "RTO: Amazon's failover of the Multi-AZ DB cluster, usually below 35 s",
                "RPO 0: a commit is acknowledged when one of two readers in other zones has it",
            ],
            id="cluster",
        ),
        pytest.param(
            {"topology": "aurora"},
            "zero-loss",
            [
                "RTO: Amazon's Aurora failover to a reader, usually below 60 s",
                "RPO 0: a commit is acknowledged when 4 of 6 copies in three zones have it",
            ],
            id="aurora",
        ),
        pytest.param(
            {"multi_az": False, "environment": "staging"},
            "asynchronous",
            [
                "RTO: the time in which RDS restarts the one instance or makes it anew, minutes; there is no standby",
                "RPO: what was committed since the"
                " last copy of the volume, at most 5 min back from the backups of 14 days",
            ],
            id="alone",
        ),
    ],
)
def test_the_preview_says_what_the_topology_promises(rds: dict[str, Any], durability: str, promised: list[str]) -> None:
    assert promise(settings(rds, durability=durability)) == promised


@pytest.mark.parametrize(
    "rds, logs",
    [
        ({}, ["postgresql", "upgrade", "iam-db-auth-error"]),
        ({"iam": {"enabled": False}}, ["postgresql", "upgrade"]),
        ({"topology": "cluster", "instance_class": "db.m6gd.large"}, ["postgresql", "upgrade", "iam-db-auth-error"]),
        ({"topology": "aurora"}, ["postgresql", "iam-db-auth-error"]),
    ],
)
def test_logs_are_those_that_the_topology_has(rds: dict[str, Any], logs: list[str]) -> None:
    assert log_exports(settings(rds)) == logs
