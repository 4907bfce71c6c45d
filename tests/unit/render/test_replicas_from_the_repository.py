"""Whence a replica is made, where there are backups."""

from __future__ import annotations

from typing import Any

import pytest

from components.render.pgbackrest import archiving
from components.render.pods import member_site
from components.settings.load import load

BUCKET = {"kind": "s3", "bucket": "b1b", "endpoint": "s3.example.org", "region": "r", "key": "k", "key_secret": "k"}


@pytest.mark.parametrize(
    "restore, methods",
    [
        pytest.param(None, ["pgbackrest", "basebackup"], id="from the repository, which spares the primary"),
        pytest.param({"from": "old"}, ["pgbackrest", "basebackup"], id="restored under a name of its own"),
        # The newest backup in the repository is later than the moment that the cluster went back to.
        pytest.param({"from": "main", "in_place": True}, None, id="gone back in place: from the primary"),
    ],
)
def test_a_cluster_in_pods(restore: dict[str, Any] | None, methods: list[str] | None) -> None:
    given = {"secrets": {"k": "K"}, "backup": {"repository": BUCKET}, "restore": restore}
    settings = load({"platform": "kubernetes", **given}, default_major=17)
    assert archiving(settings, member_site(settings, "pg-0")).get("create_replica_methods") == methods
