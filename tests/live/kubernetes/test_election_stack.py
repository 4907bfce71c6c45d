"""A stack whose lease the Kubernetes API keeps, through the real engine, in a namespace that is not its own: what the
preview refuses, what `down` leaves, and that the next `up` goes on from it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.kubernetes.platform import Platform
from tests.live.kubernetes.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(3600)]

REMEMBERED = "remembers a cluster whose volumes are gone"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path) -> Iterator[Stack]:
    made = Stack.make(tmp_path_factory.mktemp("stack"), f"t{secrets.token_hex(3)}", kubeconfig)
    kubectl = made.platform.kubectl
    wanted = {"leader_election": "kubernetes", "existing_namespace": True, "storage": {"size": "1Gi"}}
    if tag := os.environ.get("POSTGRES_PLATFORM_TAG"):
        wanted["image"] = f"localhost/postgres-platform:{tag}"
    made.change(access=[], kubernetes=wanted)
    try:
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made.namespace}}
        kubectl.run("apply", "-f", "-", given=json.dumps(space))
        yield made
    finally:
        made.change(kubernetes=wanted)
        made.run("down")
        kubectl.try_to("delete", "namespace", made.namespace, "--ignore-not-found", limit=240)


@pytest.fixture
def platform(stack: Stack) -> Platform:
    return Platform(stack.platform.kubectl, etcd=False)


def kept(platform: Platform) -> list[str]:
    """What of Patroni's and of volumes is there."""
    words = ("get", "persistentvolumeclaim,configmap", "-o", "name")
    found = [line.rpartition("/")[2] for line in platform.kubectl.run(*words).split()]
    return sorted(name for name in found if name != "kube-root-ca.crt")


def test_up_from_nothing_and_a_second_one_that_changes_nothing(stack: Stack, platform: Platform) -> None:
    told = stack.told("up")
    assert "Kubernetes API down: no failover" in told + stack.log()
    platform.wait_whole()
    assert stack.run("status").returncode == 0, stack.run("status").stdout
    assert stack.changes("up") == {}
    platform.sql(platform.leader(), "CREATE TABLE IF NOT EXISTS stays (n int); INSERT INTO stays VALUES (1);")


def test_a_parameter_is_changed_as_with_etcd(stack: Stack, platform: Platform) -> None:
    stack.change(parameters={"work_mem": "5MB"})
    stack.told("up")
    assert platform.sql(platform.leader(), "SHOW work_mem") == "5MB"
    config = platform.kubectl.run("get", "configmap", f"{stack.name}-config", "-o", "yaml")
    assert "5MB" in config


def test_another_store_is_refused_at_preview(stack: Stack) -> None:
    stack.change(kubernetes={"leader_election": "etcd"})
    done = stack.run("preview")
    stack.change(kubernetes={"leader_election": "kubernetes"})
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"this cluster was made with kubernetes (ConfigMap {stack.name}-config), which is fixed" in told


def test_down_keeps_what_belongs_together_and_tells_it(stack: Stack, platform: Platform) -> None:
    told = stack.told("down")
    volumes, config_maps = (
        [f"data-pg-{number}" for number in range(3)],
        [f"{stack.name}-{what}" for what in ("config", "leader", "sync")],
    )
    left = kept(platform)
    assert set(volumes + config_maps) <= set(left) <= {*volumes, *config_maps, f"{stack.name}-failover"}
    assert "Patroni's ConfigMaps, which say who may lead on them" in told + stack.log()
    assert f"configmap/{stack.name}-leader" in told + stack.log()


def test_the_next_up_goes_on_from_there(stack: Stack, platform: Platform) -> None:
    stack.told("up")
    platform.wait_whole()
    assert platform.sql(platform.leader(), "SELECT count(*) FROM stays") == "1"


def test_config_maps_without_volumes_are_told_before_anything_waits(stack: Stack, platform: Platform) -> None:
    stack.told("down")
    platform.kubectl.run("delete", "persistentvolumeclaims", "--all", "--wait=false")
    done = stack.run("preview")
    assert done.returncode != 0
    assert REMEMBERED in done.stdout + done.stderr
    # What it says to do.
    words = [f"configmap/{stack.name}-{what}" for what in ("config", "leader", "failover", "sync")]
    platform.kubectl.run("delete", *words, "--ignore-not-found")
    done = stack.run("preview")
    assert REMEMBERED not in done.stdout + done.stderr
