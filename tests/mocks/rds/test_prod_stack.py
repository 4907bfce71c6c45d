"""The stack file that is shipped: it loads, it is told what is a placeholder, and its graph is a production's."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from components.platforms import PLATFORMS, ROOT, checked_settings
from components.settings.load import load
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
    assert told == {"rds.pooler.image", "rds.network.consumers"}


def test_it_is_a_production() -> None:
    found, _ = declared(checked_settings(config(), Source.read(FILE)))
    databases = found.of("rds.Instance")
    assert databases.keys() == {"main-primary", "main-replica-1", "main-replica-2"}
    assert databases["main-primary"]["multiAz"] is True
    zones = {one.get("availabilityZone") for one in databases.values()} - {None}
    assert len(zones) == 2
    assert all(found.requests["rds.Instance", name].protect for name in databases)


LIMITS = {"iam.Role": 64, "rds.Proxy": 63, "iam.Policy": 128, "sns.Topic": 256, "secretsmanager.Secret": 512,
          "rds.ParameterGroup": 255, "rds.SubnetGroup": 255, "ecs.Cluster": 255, "ecs.Service": 255}  # fmt: skip
MADE_UP = 8  # a hyphen and seven digits, which Pulumi puts behind a name


@pytest.mark.parametrize("kind", ["pgbouncer", "rds_proxy"])
def test_the_longest_name_that_a_stack_may_have_fits_everywhere(kind: str) -> None:
    longest = "a" * 30
    pooler = {"kind": kind, **({"image": f"r/p@sha256:{'1a2b3c4d' * 8}"} if kind == "pgbouncer" else {})}
    iam: dict[str, object] = {"logins": {"b" * 63: []}}
    rds = {"region": "eu-central-1", "pooler": pooler, "iam": iam}
    found, _ = declared(load({"platform": "rds", "name": longest, "replicas": 1, "rds": rds}))
    wrong = {
        name
        for (kind, name), inputs in found.resources.items()
        if "name" not in inputs and len(name) + MADE_UP > LIMITS.get(kind, 512)
    }
    assert wrong == set()
    assert any(found.of("iam.Role"))
