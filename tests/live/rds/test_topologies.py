"""The other topologies by Pulumi's own engine in an emulated cloud: made, made again without a difference, gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.live.rds.emulator import emulator
from tests.live.rds.stack import ACCOUNT, Cloud

pytestmark = pytest.mark.live
BARE: Mapping[str, Any] = {"account": ACCOUNT, "pooler": {"kind": "none"}, "environment": "staging"}
REGIONS: Mapping[str, Any] = {
    **BARE,
    "replicas": [
        {"name": "near", "parameters": {"hot_standby_feedback": "on"}},
        {"name": "far", "region": "eu-west-1"},
        {"name": "below", "region": "eu-west-1", "source": "far"},
    ],
}
CLUSTER: Mapping[str, Any] = {
    **BARE,
    "topology": "cluster",
    "instance_class": "db.r6gd.large",
    "iam": {"enabled": False},  # moto 5.2.5 refuses at such clusters what AWS has allowed since
}
AURORA: Mapping[str, Any] = {
    **BARE,
    "topology": "aurora",
    "instance_class": "db.serverless",
    "serverless": {"min": 1.0, "max": 8.0},
    "replicas": [{"name": "reader"}],
}
STACKS = {
    "regions": (REGIONS, {"rds/instance:main-primary", "rds/instance:main-near", "rds/instance:main-eu-west-1-far",
                          "rds/instance:main-eu-west-1-below"}),
    "cluster": (CLUSTER, {"rds/cluster:main-cluster"}),
    "aurora": (AURORA, {"rds/cluster:main-cluster", "rds/clusterInstance:main-writer",
                        "rds/clusterInstance:main-reader"}),
}  # fmt: skip


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with emulator() as address:
        yield Cloud(tmp_path, address)


@pytest.mark.parametrize("name", STACKS)
def test_from_nothing_to_nothing(name: str, cloud: Cloud) -> None:
    rds, databases = STACKS[name]
    made = cloud.up(cloud.settings(rds, replicas=0))
    assert set(made.changes) == {"create"}
    assert databases == {one for one in made.touched if one.startswith(("rds/instance:", "rds/cluster"))} - {
        one for one in made.touched if "ParameterGroup" in one
    }
    assert cloud.outputs()["writer"]["host"]
    assert set(cloud.preview(cloud.settings(rds, replicas=0)).changes) == {"same"}
    open_ = {**rds, "protection": False}
    lifted = cloud.up(cloud.settings(open_, replicas=0))
    assert databases - {one for one in databases if "clusterInstance" in one} <= lifted.touched
    assert set(cloud.destroy().changes) == {"delete"}
