"""Everything that is wrong with a stack of platform rds comes in one report, with lines, and no secret in it."""

from __future__ import annotations

import pytest
import yaml

from components.settings.load import load
from components.settings.problems import SettingsError
from components.settings.rds.rules.every import ADVICE, RULES
from components.settings.source import Source
from tests.unit.settings.rds.stacks import config, settings

WRONG = """\
config:
  aws:region: eu-centrl-1
  postgres-platform:platform: rds
  postgres-platform:name: prod
  postgres-platform:parameters:
    work_mem: 16Mb
  postgres-platform:rds:
    identifier: Prod_DB
    username: postgres
    instance_class: db.r7g.huge
    storage:
      size: 100
      iops: 3000
      max: 105
    windows:
      backup: 03:00-04:00
      maintenance: sun:03:30-sun:04:30
    backup:
      retention: 40
    credentials:
      mode: managed
      password: hunter2-canary
    network:
      publicly_accessible: true
      consumers:
        everybody:
          cidr: 0.0.0.0/0
    monitoring:
      interval: 20
    replicas:
      - name: a
        source: b
    ca: rds-ca-2019
"""
FOUND = {
    "rds.region": 7,
    "parameters.work_mem": 6,
    "rds.identifier": 8,
    "rds.username": 9,
    "rds.instance_class": 10,
    "rds.storage.iops": 13,
    "rds.storage.max": 14,
    "rds.windows.backup": 16,
    "rds.backup.retention": 19,
    "rds.credentials.mode": 21,
    "rds.credentials.password": 22,
    "rds.network.publicly_accessible": 24,
    "rds.network.consumers.everybody.cidr": 27,
    "rds.monitoring.interval": 29,
    "rds.replicas.0.source": 32,
    "rds.pooler.image": 7,
    "rds.ca": 33,
}


def test_all_problems_come_at_once_with_their_lines() -> None:
    given = yaml.safe_load(WRONG)["config"]
    with pytest.raises(SettingsError) as caught:
        load(given, Source.parse(WRONG, "Pulumi.prod.yaml"))
    assert {problem.path: problem.line for problem in caught.value.problems} == FOUND
    report = str(caught.value)
    assert report.startswith(f"{len(FOUND)} problems in the settings; nothing was changed:")
    assert "hunter2" not in report
    assert "Traceback" not in report


def test_pulumis_texts_are_read_like_the_file() -> None:
    """Pulumi hands objects over as JSON texts."""
    given = config() | {"rds": '{"region": "eu-central-1", "pooler": {"kind": "none"}, "storage": {"size": 200}}'}
    assert load(given).rds.storage.ceiling == 400


def test_the_region_comes_from_pulumis_own_key_unless_said() -> None:
    plain = {"platform": "rds", "aws:region": "eu-west-1", "rds": {"pooler": {"kind": "none"}}}
    assert load(plain).rds.region == "eu-west-1"
    assert load(plain | {"rds": {"region": "eu-west-2", "pooler": {"kind": "none"}}}).rds.region == "eu-west-2"


def test_this_machines_postgresql_decides_nothing_on_rds() -> None:
    assert load(config(), default_major=15).known_major == 17


def test_the_default_is_a_production() -> None:
    rds = settings().rds
    assert (rds.topology, rds.environment, rds.multi_az, rds.protection, rds.final_snapshot) == (
        "instance",
        "production",
        True,
        True,
        True,
    )
    assert (rds.backup.retention, rds.windows.backup, rds.windows.maintenance) == (
        14,
        "03:00-03:30",
        "sun:04:30-sun:05:30",
    )
    assert (rds.encryption.key, rds.iam.enabled, rds.auto_minor_upgrade, rds.extended_support) == (
        "own",
        True,
        True,
        False,
    )
    assert (rds.monitoring.interval, rds.monitoring.insights, rds.monitoring.insights_days) == (60, "standard", 7)
    assert rds.logs.exports == ("postgresql", "upgrade", "iam-db-auth-error")
    assert (rds.windows.apply_immediately, rds.network.publicly_accessible, rds.blue_green) == (False, False, False)


def test_every_rule_says_in_its_docstring_what_it_holds() -> None:
    assert [rule.__name__ for rule in (*RULES, *ADVICE) if not rule.__doc__] == []
    assert len({rule.__name__ for rule in RULES}) == len(RULES)


def test_patronis_rules_do_not_look_at_rds() -> None:
    assert settings(replicas=0).replicas == 0
    assert settings(parameters={"max_wal_senders": 3}).parameters["max_wal_senders"] == "3"
