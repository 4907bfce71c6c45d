"""The leader's lease kept by the Kubernetes API, without etcd: by kubectl alone, from nothing, through failovers, and
while that API is down.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live.kubernetes import faults
from tests.live.kubernetes.client import Client, now, writing
from tests.live.kubernetes.lab import Kubectl, Lab, wait_until
from tests.live.kubernetes.platform import ELECTION, MEMBERS, Platform, applied, overlay

pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.long, pytest.mark.timeout(1800)]
NAMESPACE = f"test-election-{secrets.token_hex(3)}"
FLOWING, WHOLE = 120.0, 300.0
API_DOWN_S = 40.0  # longer than the ttl of 30 s and Patroni's patience of 10 s
CONFIG_MAPS = {f"main-{what}" for what in ("config", "leader", "failover", "sync")}
STATUS = 'import json; print(json.dumps(json.load(open("/run/postgres-platform/status.json"))))'
LEASE = 'go-template={{index .metadata.annotations "leader"}}'


@pytest.fixture(scope="module")
def platform(kubeconfig: Path) -> Iterator[Platform]:
    """Applied once, whole; removed with its volumes at the end."""
    with applied(Kubectl(kubeconfig, NAMESPACE), parts=(ELECTION,)) as made:
        yield made


@pytest.fixture(scope="module")
def client(platform: Platform) -> Iterator[Client]:
    """An application that goes on writing through every test."""
    with writing(platform) as made:
        yield made


def test_a_whole_cluster_without_etcd(platform: Platform, client: Client, tmp_path: Path) -> None:
    found = platform.kubectl.run("get", "all,pvc,configmap,secret,networkpolicy,pdb", "-o", "name")
    assert "etcd" not in found
    ours = platform.kubectl.run("get", "configmap", "-l", "app.kubernetes.io/name=postgresql", "-o", "name")
    assert {line.rpartition("/")[2] for line in ours.split()} <= CONFIG_MAPS
    assert platform.kubectl.run("get", "configmap", "main-leader", "-o", LEASE) == platform.leader()
    done = platform.kubectl.try_to("diff", "-k", str(overlay(tmp_path, NAMESPACE, (ELECTION,))))
    assert (done.returncode, done.stdout) == (0, ""), "a second apply changes nothing"
    client.read()
    assert min(client.last("pooled"), client.last("direct")) > 0


def test_members_alone_hold_a_token_and_gateways_ask_members(platform: Platform) -> None:
    pods = json.loads(platform.kubectl.run("get", "pods", "-o", "json"))["items"]
    with_token = {
        f"{pod['metadata']['labels']['app.kubernetes.io/name']}/{container['name']}"
        for pod in pods
        for container in pod["spec"]["containers"]
        if any("serviceaccount" in mount["mountPath"] for mount in container["volumeMounts"])
    }
    assert with_token <= {"postgresql/postgres", "certificates/certificates"}
    for pod in pods:
        name = pod["metadata"]["name"]
        if name.startswith("gateway-"):
            told = json.loads(platform.kubectl.python(name, "gateway", STATUS))
            assert (told["leader"], told["answering"]) == (platform.leader(), list(MEMBERS))


def test_the_token_opens_nothing_else(platform: Platform) -> None:
    who = f"--as=system:serviceaccount:{NAMESPACE}:pg"
    for allowed, words in (
        ("yes", ("patch", "configmap/main-leader")),
        ("yes", ("patch", "pod/pg-2")),
        ("no", ("patch", "configmap/patroni")),
        ("no", ("patch", "pod/gateway-0")),
        ("no", ("get", "secrets")),
        ("no", ("delete", "pods")),
        ("no", ("create", "pods", "--subresource=exec")),
        ("no", ("list", "configmaps", "-n", "kube-system")),
    ):
        assert platform.kubectl.try_to("auth", "can-i", *words, who).stdout.strip() == allowed, words


def kill_pod(platform: Platform, _lab: Lab | None) -> None:
    """Without a preStop hook or a farewell."""
    platform.kubectl.run("delete", "pod", platform.leader(), "--force", "--grace-period=0", "--wait=false")


@pytest.mark.parametrize(
    "fault, limit",
    [
        pytest.param(faults.delete_leader, 8.0, id="pod deleted"),
        pytest.param(kill_pod, 10.0, id="pod killed"),
        pytest.param(faults.kill_postgres, 6.0, id="postgres killed"),
        pytest.param(faults.freeze_patroni, 25.0, id="Patroni frozen"),
    ],
)
def test_another_member_leads(
    platform: Platform, client: Client, fault: Callable[[Platform, Lab | None], object], limit: float
) -> None:
    platform.wait_whole(WHOLE)
    leader, began = platform.leader(), now()
    client.forget_complaints()
    fault(platform, None)
    client.wait_flowing(now() + 1.0, FLOWING)
    platform.wait_whole(WHOLE)
    client.wait_flowing(now(), FLOWING)
    outages = {route: round(client.outage(route, began), 2) for route in ("pooled", "direct")}
    print(f"\n{fault.__name__}: {outages}, errors pooled: {client.complaints('pooled')}", flush=True)
    assert platform.leader() != leader
    assert outages["pooled"] < limit


def test_the_primary_goes_on_while_the_api_is_down(platform: Platform, client: Client, kubeconfig: Path) -> None:
    """By failsafe: all members answer it. The lease has run out by then, so without it the primary would step down."""
    lab = need_lab(kubeconfig)
    platform.wait_whole(WHOLE)
    leader, began = platform.leader(), now()
    lab.signal_api_server(signal.SIGSTOP)
    try:
        time.sleep(API_DOWN_S)
    finally:
        lab.signal_api_server(signal.SIGCONT)
    until = now()
    wait_until(60.0, "the API answers again", lambda: platform.kubectl.try_to("get", "pods").stderr)
    client.wait_flowing(now(), FLOWING)
    within = client.outage("pooled", began)
    print(f"\nAPI down for {until - began:.0f} s: the longest pause of writes is {within:.2f} s", flush=True)
    assert within < 8.0
    assert platform.leader() == leader
    told = platform.kubectl.run("logs", leader, "-c", "postgres", "--since=120s")
    assert "continue to run as a leader because failsafe mode is enabled and all members are accessible" in told
    platform.wait_whole(WHOLE)


def test_there_is_no_failover_while_the_api_is_down(platform: Platform, client: Client, kubeconfig: Path) -> None:
    """What is given up without etcd, and for how long: until the API answers, and the lease has run out."""
    lab = need_lab(kubeconfig)
    platform.wait_whole(WHOLE)
    began, container = now(), platform.container_of(platform.leader(), "postgres")
    first = lab.first_process(container)
    lab.signal_api_server(signal.SIGSTOP)
    try:
        os.kill(first.pid, signal.SIGKILL)
        time.sleep(API_DOWN_S)
    finally:
        lab.signal_api_server(signal.SIGCONT)
    wait_until(60.0, "the API answers again", lambda: platform.kubectl.try_to("get", "pods").stderr)
    client.wait_flowing(now() + 1.0, FLOWING)
    outage = client.outage("pooled", began)
    print(f"\nleader's container killed while the API is down for {API_DOWN_S:g} s: {outage:.1f} s", flush=True)
    assert API_DOWN_S - 5.0 < outage < API_DOWN_S + 60.0
    platform.wait_whole(WHOLE)


def test_nothing_acknowledged_was_lost_in_all_of_this(client: Client) -> None:
    audit = client.stop()
    print(f"\n{audit.acknowledged} rows acknowledged, {len(audit.lost)} lost", flush=True)
    assert audit.acknowledged > 100
    assert audit.lost == []


def need_lab(kubeconfig: Path) -> Lab:
    lab = Lab.of(kubeconfig)
    if lab is None:
        pytest.skip("only the lab's API server can be stopped")
    return lab
