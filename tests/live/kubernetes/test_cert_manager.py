"""Certificates by cert-manager's own controllers: a stack comes up with them, and renewals reach servers that run."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from tests.live.kubernetes.cert_manager import program
from tests.live.kubernetes.client import Client, now
from tests.live.kubernetes.lab import Kubectl, Lab, wait_until
from tests.live.kubernetes.served import pods, served
from tests.live.kubernetes.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(2400)]
LEAVES = ("etcd-tls", "pg-tls", "gateway-tls", "replicator-tls", "rewind-tls", "pgbouncer-tls", "admin-tls")


@pytest.fixture(scope="module")
def issuer(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, x509.Certificate]]:
    """The name of a ClusterIssuer that signs, and its CA."""
    if Lab.of(kubeconfig) is None:
        pytest.skip("cert-manager's definitions are put into no cluster but the lab")
    home = program.ensure()
    if home is None:
        pytest.skip("cert-manager is built with Go, which is not installed")
    name = f"test-ca-{secrets.token_hex(3)}"
    kubectl = Kubectl(kubeconfig, name)
    kubectl.run("create", "namespace", name)
    try:
        with program.running(home, kubectl, tmp_path_factory.mktemp("cert-manager") / "log"):
            pair = program.issue_from(kubectl, name)
            yield name, x509.load_pem_x509_certificate(pair.certificate)
            kubectl.try_to("delete", "clusterissuer", name)
    finally:
        kubectl.try_to("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path, issuer: tuple[str, x509.Certificate]
) -> Iterator[Stack]:
    """Its first `up` is a test."""
    made = Stack.make(tmp_path_factory.mktemp("stack"), f"t{secrets.token_hex(3)}", kubeconfig)
    given = {"issuer": "cert-manager", "issuer_name": issuer[0], "issuer_kind": "ClusterIssuer"}
    made.change(access=["sql/faevision/access.yaml"], kubernetes={"certificates": given})
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Client]:
    """An application that verifies every server with the CA in its Secret."""
    made = Client(stack.platform, trust="gateway-tls")
    try:
        made.start()
        yield made
    finally:
        made.remove()


def certificates(stack: Stack) -> dict[str, x509.Certificate]:
    """What cert-manager wrote into each Secret."""
    found = {}
    for name in LEAVES:
        data = json.loads(stack.platform.kubectl.run("get", "secret", name, "-o", "json"))["data"]
        found[name] = x509.load_pem_x509_certificate(base64.b64decode(data["tls.crt"]))
    return found


def test_an_issuer_that_is_not_there_is_said_before_the_first_resource(
    stack: Stack, issuer: tuple[str, object]
) -> None:
    given = {"issuer": "cert-manager", "issuer_name": "nobody", "issuer_kind": "ClusterIssuer"}
    stack.change(kubernetes={"certificates": given})
    done = stack.run("preview")
    assert done.returncode != 0
    assert "there is no ClusterIssuer nobody; make it first" in " ".join(done.stderr.split())
    stack.change(kubernetes={"certificates": given | {"issuer_name": issuer[0]}})


def test_a_stack_comes_up_whole(stack: Stack, issuer: tuple[str, x509.Certificate]) -> None:
    stack.told("up")

    stack.platform.wait_whole()
    assert stack.run("status").returncode == 0, stack.run("status").stdout
    for found in certificates(stack).values():
        found.verify_directly_issued_by(issuer[1])
    assert "NotFound" in stack.platform.kubectl.try_to("get", "secret", "ca").stderr
    assert "PRIVATE KEY" not in stack.state()


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    assert stack.changes("up") == {}
    assert stack.changes("refresh") == {}


def test_clients_verify_with_its_ca(stack: Stack, client: Client, issuer: tuple[str, x509.Certificate]) -> None:
    """The writer's pod, and whoever reads the Secret of a login."""
    client.wait_flowing(now(), 60.0)
    data = json.loads(stack.platform.kubectl.run("get", "secret", "login.faevision-app.faevision", "-o", "json"))[
        "data"
    ]
    assert x509.load_pem_x509_certificate(base64.b64decode(data["ca.crt"])) == issuer[1]
    pem = f"-----BEGIN CERTIFICATE-----{served(stack)}-----END CERTIFICATE-----\n"
    x509.load_pem_x509_certificate(pem.encode()).verify_directly_issued_by(issuer[1])


def test_a_renewal_reaches_running_servers_by_a_reload(stack: Stack, client: Client) -> None:
    before, shown, old = pods(stack.platform.kubectl), served(stack), certificates(stack)

    for name in LEAVES:
        program.renew(stack.platform.kubectl, name)

    assert all(new != old[name] for name, new in certificates(stack).items())
    # kubelet looks for new contents of Secrets about once a minute
    wait_until(240, "the new certificate is served", lambda: "" if served(stack) != shown else "still the old one")
    client.wait_flowing(now(), 60.0)
    stack.told("up")
    assert stack.changes("up") == {}
    assert pods(stack.platform.kubectl) == before
    stack.platform.wait_whole()
    assert list(client.stop().lost) == []
