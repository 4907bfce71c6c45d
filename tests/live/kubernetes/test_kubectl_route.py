"""`kubectl apply -k k8s/` and nothing else: a whole cluster, and the faults that pass every check of a schema."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.kubernetes import metrics
from tests.live.kubernetes.client import Client, now, writing
from tests.live.kubernetes.lab import Kubectl, wait_until
from tests.live.kubernetes.platform import MEMBERS, Platform, applied, overlay

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200)]
NAMESPACE = f"test-route-{secrets.token_hex(3)}"
APART = 300.0


@pytest.fixture(scope="module")
def platform(kubeconfig: Path) -> Iterator[Platform]:
    """Applied once, whole; removed with its volumes at the end."""
    with applied(Kubectl(kubeconfig, NAMESPACE)) as made:
        yield made


@pytest.fixture(scope="module")
def client(platform: Platform) -> Iterator[Client]:
    """An application that goes on writing through every test."""
    with writing(platform) as made:
        yield made


def test_writes_go_through_the_pooled_and_the_direct_service(client: Client) -> None:
    client.read()
    assert min(client.last("pooled"), client.last("direct")) > 0


def test_a_second_apply_changes_nothing(platform: Platform, tmp_path: Path) -> None:
    done = platform.kubectl.try_to("diff", "-k", str(overlay(tmp_path, NAMESPACE)))
    assert (done.returncode, done.stdout) == (0, "")


def test_no_pod_but_the_certificates_has_a_token(platform: Platform) -> None:
    pods = json.loads(platform.kubectl.run("get", "pods", "-o", "json"))["items"]
    with_token = {
        pod["metadata"]["labels"]["app.kubernetes.io/name"]
        for pod in pods
        for volume in pod["spec"]["volumes"]
        if any("serviceAccountToken" in source for source in volume.get("projected", {}).get("sources", ()))
    }
    assert with_token <= {"certificates"}
    assert len(pods) >= 8


def test_a_second_start_finds_the_data_directory_private(platform: Platform) -> None:
    """Without fsGroupChangePolicy kubelet opens it to the group, and PostgreSQL refuses to start for ever."""
    replica = next(name for name in MEMBERS if name != platform.leader())
    platform.kubectl.run("delete", "pod", replica)
    platform.wait_whole(APART)
    mode = platform.kubectl.run("exec", replica, "-c", "postgres", "--", "stat", "-c", "%a", "/data/pgdata")
    assert mode.strip()[-3:] == "700"


def test_services_follow_the_leader_without_labels(platform: Platform, client: Client) -> None:
    """Patroni hides its variables from callbacks, so a callback that labels pods can fail silently: there is none."""
    candidate = next(name for name in MEMBERS if name != platform.leader())
    platform.switch_to(candidate)
    address = platform.address_of(candidate)
    for route in ("pooled", "direct"):
        assert client.ask(route, "SELECT host(inet_server_addr()), pg_is_in_recovery()") == [[address, False]]
    assert "callbacks" not in platform.kubectl.run("get", "configmap", "patroni", "-o", "yaml")
    labels = json.loads(platform.kubectl.run("get", "pod", candidate, "-o", "json"))["metadata"]["labels"]
    assert not {"role", "patroni-role"} & labels.keys()


def test_no_pooled_connection_lands_on_a_replica(platform: Platform, client: Client) -> None:
    leader = platform.address_of(platform.leader())
    asked = "SELECT host(inet_server_addr()), pg_is_in_recovery()"
    assert client.ask("pooled", asked, times=40) == [[leader, False]] * 40
    reads = client.ask("pooled-reader", asked, times=40)
    assert all(in_recovery for _, in_recovery in reads)
    assert leader not in {address for address, _ in reads}


def test_everything_that_the_alerts_ask_for_is_measured(platform: Platform, client: Client) -> None:
    """An alert on a metric that nobody exports never fires, and every check of the rules passes."""
    wanted = metrics.asked_for() - metrics.OF_KUBELET
    assert len(wanted) > 20
    found = metrics.exported(platform.kubectl, (platform.leader(), "etcd-0", metrics.a_gateway(platform.kubectl)))
    assert wanted - found == set()


def test_a_lost_volume_is_made_anew_without_waiting_for_a_checkpoint(platform: Platform, client: Client) -> None:
    leader = platform.leader()
    replica = next(name for name in MEMBERS if name != leader)
    _lose_volume(platform, replica)
    seconds = platform.wait_whole(APART)
    assert seconds < 120, "a spread checkpoint takes minutes"
    told = platform.kubectl.run("logs", leader, "-c", "postgres")
    assert "checkpoint starting: force wait" not in told
    assert re.search("checkpoint starting: (immediate|fast) force wait", told)
    assert "replica has been created using basebackup" in platform.kubectl.run("logs", replica, "-c", "postgres")


def test_a_lost_etcd_volume_is_replaced_as_a_member(platform: Platform, client: Client) -> None:
    _lose_volume(platform, "etcd-1")
    platform.wait_whole(APART)
    assert "etcd starts instead of its lost self" in platform.kubectl.run("logs", "etcd-1")


def test_a_namespace_may_have_a_name_that_yaml_reads_as_no(kubeconfig: Path, tmp_path: Path) -> None:
    kubectl = Kubectl(kubeconfig, "n")
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}
    try:
        kubectl.run("apply", "--server-side", "-f", "-", given=json.dumps(namespace))
        text = kubectl.run("apply", "--dry-run=server", "-k", str(overlay(tmp_path, "n")), "-o", "json")
        applied = json.loads(text)["items"]
        assert {one["metadata"].get("namespace", one["metadata"]["name"]) for one in applied} == {"n"}
    finally:
        kubectl.try_to("delete", "namespace", "n", "--wait=true", limit=120)


def test_a_renewed_certificate_is_shown_without_a_restart(platform: Platform, client: Client) -> None:
    began, before = now(), _restarts(platform)
    serial = _shown_serial(platform)
    platform.kubectl.run("delete", "secret", "pg-tls")
    platform.kubectl.run("create", "job", "renewal", "--from=cronjob/certificates")
    wait_until(
        240, "PostgreSQL shows the new certificate", lambda: "" if _shown_serial(platform) != serial else "the old one"
    )
    assert _restarts(platform) == before
    client.read()
    assert client.outage("pooled", began) < 20


def test_nothing_acknowledged_was_lost_in_all_of_this(client: Client) -> None:
    audit = client.stop()
    assert audit.acknowledged > 100
    assert audit.lost == []


def _lose_volume(platform: Platform, pod: str) -> None:
    platform.kubectl.run("delete", "pvc", f"data-{pod}", "--wait=false")
    platform.kubectl.run("delete", "pod", pod)


def _shown_serial(platform: Platform) -> str:
    """The serial number of the certificate that the server's port shows."""
    show = (
        "echo | openssl s_client -starttls postgres -connect localhost:5432 2>/dev/null | openssl x509 -noout -serial"
    )
    return platform.kubectl.run("exec", "pg-0", "-c", "postgres", "--", "sh", "-c", show).strip()


def _restarts(platform: Platform) -> dict[str, int]:
    pods = json.loads(platform.kubectl.run("get", "pods", "-l", "app.kubernetes.io/name=postgresql", "-o", "json"))[
        "items"
    ]
    return {
        f"{pod['metadata']['uid']} {one['name']}": one["restartCount"]
        for pod in pods
        for one in pod["status"]["containerStatuses"]
    }
