"""The stack file that is shipped: it loads, it is told what is a placeholder, and its graph is a production's."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml

from components.platforms import PLATFORMS, ROOT, checked_settings
from components.settings.rds.rules import advice
from components.settings.source import Source
from tests.mocks.rds.graph import declared

FILE = ROOT / "Pulumi.prod.yaml"


def config() -> dict[str, Any]:
    plain: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["config"]
    return plain


def test_it_loads_and_says_what_is_a_placeholder() -> None:
    settings = checked_settings(config(), Source.read(FILE))
    assert settings.platform in PLATFORMS
    told = {".".join(path) for path, _ in advice(settings, date(2026, 11, 21))}
    assert told == {"rds.pooler.image"}


def test_it_is_a_production() -> None:
    found, _ = declared(checked_settings(config(), Source.read(FILE)))
    databases = found.of("rds.Instance")
    assert databases.keys() == {"main-primary", "main-replica-1", "main-replica-2"}
    assert databases["main-primary"]["multiAz"] is True
    zones = {one.get("availabilityZone") for one in databases.values()} - {None}
    assert len(zones) == 2
    assert all(found.requests["rds.Instance", name].protect for name in databases)
