"""faevision's deployment example: its settings of today say what is wrong with them, and the nearest good ones load."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from components.settings.load import load
from components.settings.problems import SettingsError
from components.settings.rds.replicas import managed_password, replicas, zones_in_turn
from components.settings.rds.rules import advice
from components.settings.rds.rules.versions import version_meant
from components.settings.source import Source
from tests.unit.settings.rds.stacks import TODAY
from tools.schema import ROOT, stack_schema

FOLDER = ROOT / "examples" / "faevision"
TODAY_SAYS = [
    "4 problems in the settings; nothing was changed:",
    "  Pulumi.today.yaml:9: rds.engine_version: found 15.4 while auto_minor_upgrade is true: RDS would move on and"
    " differ"
    " from this file; leave it out, or set auto_minor_upgrade to false",
    "  Pulumi.today.yaml:9: rds.engine_version: found 15.4, which cannot be created any more; allowed are 15.13 to"
    " 15.19;"
    " leave it out for the newest",
    "  Pulumi.today.yaml:17: rds.credentials.password: there is no such setting; known here: mode, rotation, version,"
    " recovery_window",
    "  Pulumi.today.yaml:30: rds.replicas.0.storage.max: found 0; the primary may grow to 1000, and the replica"
    " would stop"
    " then; set 1000 or more, or remove it",
]


def stack(name: str) -> tuple[dict[str, Any], Source]:
    """A stack file's configuration, and its lines."""
    file = FOLDER / name
    config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
    return config, Source.read(file)


def test_todays_settings_say_what_is_wrong_with_them() -> None:
    with pytest.raises(SettingsError) as caught:
        load(*stack("Pulumi.today.yaml"))
    assert str(caught.value).splitlines() == TODAY_SAYS


def test_the_nearest_good_settings_load() -> None:
    settings = load(*stack("Pulumi.rds.yaml"))
    assert str(version_meant(settings)) == "15.19"
    assert (settings.rds.storage.size, settings.rds.storage.ceiling) == (100, 1000)
    assert [replica.name for replica in replicas(settings)] == ["replica"]
    assert zones_in_turn(settings) == {"replica": "us-east-1a"}
    assert not managed_password(settings)
    assert advice(settings, TODAY) == []


def test_they_differ_in_what_was_wrong_alone() -> None:
    today, good = stack("Pulumi.today.yaml")[0], stack("Pulumi.rds.yaml")[0]
    key = "postgres-platform:rds"
    assert {name for name in today if name != key and today[name] != good[name]} == set()
    kept = ("instance_class", "storage", "windows", "backup", "pooler", "tags")
    assert {name: good[key][name] for name in kept} == {name: today[key][name] for name in kept}


def test_an_editor_has_nothing_to_say() -> None:
    whole = yaml.safe_load((FOLDER / "Pulumi.rds.yaml").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(stack_schema())
    assert [error.message for error in validator.iter_errors(whole)] == []
