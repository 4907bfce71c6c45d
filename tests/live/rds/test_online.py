"""The question to AWS against an emulator that holds AWS's own answers for Aurora."""

from __future__ import annotations

import pytest

from components.platforms import checked_settings
from components.settings.problems import SettingsError

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def as_an_sdk_finds_it(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ENDPOINT_URL", cloud), ("ACCESS_KEY_ID", "testing"), ("SECRET_ACCESS_KEY", "testing")):
        monkeypatch.setenv(f"AWS_{name}", value)


def given(name: str, **rds: object) -> dict[str, object]:
    own = {"topology": "aurora", "region": "us-east-1", "instance_class": name, "pooler": {"kind": "none"}, **rds}
    return {"platform": "rds", "major": 14, "access": [], "replicas": 0, "rds": own}


def test_aws_is_asked_only_where_the_stack_says_so() -> None:
    assert checked_settings(given("db.r6g.large", online=True), None, online=True).rds.online
    with pytest.raises(SettingsError) as caught:
        checked_settings(given("db.r8g.large", online=True), None, online=True)
    assert "db.r8g.large, which AWS does not offer in us-east-1 for topology aurora" in str(caught.value)
    assert checked_settings(given("db.r8g.large"), None, online=True)
