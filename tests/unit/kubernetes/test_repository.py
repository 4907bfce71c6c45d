"""Another repository is empty: the Job that takes a first backup is made anew, and the preview says so."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.arguments import configuration_spec
from components.kubernetes.backup import FIRST
from components.kubernetes.configuration import ConfigurationProvider
from components.kubernetes.manifests import identity, read
from components.kubernetes.overlay import overlay
from components.settings.load import load
from components.settings.model import Settings

BUCKET = {"kind": "s3", "bucket": "b1b", "endpoint": "s3.example.org", "region": "r", "key": "k", "key_secret": "k"}
PODS = {"template": "t", "files": "f"}


def settings(encryption: str | None = None, **repository: Any) -> Settings:
    backup = {"repository": {**BUCKET, **repository}, "encryption": encryption}
    return load({"platform": "kubernetes", "secrets": {"k": "K", "p": "P"}, "backup": backup}, default_major=17)


def job(of: Settings) -> Any:
    return next(one for one in overlay(read(), of) if identity(one) == FIRST)["spec"]


def told(before: Settings, after: Settings) -> list[str]:
    old, new = (configuration_spec(one, pods=PODS) | {"identity": {}} for one in (before, after))
    return ConfigurationProvider().changes(old, new)


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(settings(path="/elsewhere"), id="path"),
        pytest.param(settings(bucket="b2b"), id="bucket"),
        pytest.param(settings(encryption="p"), id="passphrase"),
    ],
)
def test_another_repository_gets_a_first_backup(after: Settings) -> None:
    assert job(settings()) != job(after)
    assert told(settings(), after)[0].startswith("backups: b1b/ at s3.example.org, not encrypted -> ")


def test_the_same_one_does_not() -> None:
    after = settings(uri_style="path")
    assert job(settings()) == job(after)
    assert told(settings(), after) == []


def test_what_an_earlier_release_made_is_not_told_as_another_one() -> None:
    old = configuration_spec(settings(), pods=PODS) | {"identity": {}}
    del old["repository"]
    assert ConfigurationProvider().changes(old, configuration_spec(settings(), pods=PODS) | {"identity": {}}) == []
