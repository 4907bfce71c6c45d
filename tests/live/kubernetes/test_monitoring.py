"""PodMonitors and alert rules, judged by the Prometheus operator's own definitions in a real API server."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.kubernetes.findings import findings
from components.kubernetes.kubectl import kubectl as asking
from components.kubernetes.manifests import Manifest, read
from components.kubernetes.monitoring import DEFINITIONS, OPERATOR
from components.kubernetes.overlay import overlay
from components.kubernetes.preflight import look
from components.settings.kubernetes import DEFAULT_MAJOR
from components.settings.load import load
from components.settings.model import Settings
from tests.live.kubernetes.lab import Kubectl
from tools.setup.go import module_folder
from tools.setup.progress import SetupError

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
MODULE, VERSION = "github.com/prometheus-operator/prometheus-operator", "v0.85.0"
NAMESPACE = f"test-monitoring-{secrets.token_hex(3)}"


@pytest.fixture(scope="module")
def kubectl(kubeconfig: Path) -> Iterator[Kubectl]:
    """In a namespace of its own."""
    made = Kubectl(kubeconfig, NAMESPACE)
    made.run("create", "namespace", NAMESPACE)
    try:
        yield made
    finally:
        made.try_to("delete", "namespace", NAMESPACE, "--wait=true", limit=120)


@pytest.fixture
def definitions(kubectl: Kubectl) -> Iterator[None]:
    """The operator's definitions, which are taken away again where this test brought them."""
    try:
        folder = module_folder(MODULE, VERSION) / "example/prometheus-operator-crd"
    except SetupError as error:
        pytest.skip(f"the operator's definitions cannot be had: {error}")
    brought = [name for name in DEFINITIONS if kubectl.try_to("get", "crd", name).returncode != 0]
    try:
        for name in brought:
            file = folder / f"{OPERATOR}_{name.partition('.')[0]}.yaml"
            kubectl.run("apply", "--server-side", "-f", str(file))
        for name in DEFINITIONS:
            kubectl.run("wait", "--for=condition=Established", f"crd/{name}", "--timeout=30s")
        yield
    finally:
        for name in brought:
            kubectl.try_to("delete", "crd", name, "--wait=true", limit=120)


def settings(kubectl: Kubectl, **kubernetes: Any) -> Settings:
    given = {"kubeconfig": str(kubectl.kubeconfig), "namespace": NAMESPACE, "existing_namespace": True, **kubernetes}
    return load({"platform": "kubernetes", "kubernetes": given}, default_major=DEFAULT_MAJOR)


def found(wanted: Settings) -> list[str]:
    return [one.message for one in findings(wanted, look(wanted, asking(wanted)))]


def monitoring(wanted: Settings) -> list[Manifest]:
    ours = [one for one in overlay(read(), wanted) if one["apiVersion"].startswith(OPERATOR)]
    assert {one["kind"] for one in ours} == {"PodMonitor", "PrometheusRule"}
    return ours


def apply(kubectl: Kubectl, objects: list[Manifest]) -> tuple[int, str]:
    """As a dry run, in which the API server refuses every field that the definitions do not have."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    words = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    done = kubectl.try_to(*words, given=text)
    return done.returncode, done.stderr


def test_without_the_operator_a_preview_says_so(kubectl: Kubectl) -> None:
    if any(kubectl.try_to("get", "crd", name).returncode == 0 for name in DEFINITIONS):
        pytest.skip("this cluster has the operator")
    assert found(settings(kubectl)) == []
    assert "install the Prometheus operator" in found(settings(kubectl, monitoring={"enabled": True}))[0]


def test_the_operator_takes_every_object(kubectl: Kubectl, definitions: None) -> None:
    wanted = settings(kubectl, monitoring={"enabled": True, "labels": {"release": "prometheus"}})
    assert found(wanted) == []
    assert apply(kubectl, monitoring(wanted)) == (0, "")


def test_a_field_that_the_operator_lacks_is_refused(kubectl: Kubectl, definitions: None) -> None:
    objects = monitoring(settings(kubectl, monitoring={"enabled": True}))
    rules = next(one for one in objects if one["kind"] == "PrometheusRule")
    rules["spec"]["groups"][0]["rules"][0]["whenever"] = "1m"
    status, said = apply(kubectl, [rules])
    assert status != 0 and "whenever" in said
