"""The stand-in provider against a real API server, by the real engine: what the tests of the platform rely on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi.automation.errors import CommandError

from tests.live.kubernetes.engine import Program, environment

pytestmark = pytest.mark.live
PASSWORD = "Gu7nberg-open-Sesame"


class Objects:
    """A namespace with a ConfigMap, a Secret and a Service; each test changes what it is about."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.data = {"setting": "one"}
        self.force = True
        self.port = 5432
        self.serviceless = False

    def __call__(self) -> None:
        provider = kubernetes.Provider(
            "cluster",
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            enable_patch_force=self.force,
            upsert_existing_objects=True,
        )
        opts = pulumi.ResourceOptions(provider=provider)
        space = kubernetes.core.v1.Namespace("space", metadata={"name": self.namespace}, opts=opts)
        below = pulumi.ResourceOptions(provider=provider, depends_on=[space])
        made = pulumi.Output.secret(PASSWORD)
        kubernetes.core.v1.ConfigMap("files", metadata=self._meta("files"), data=self.data, opts=below)
        kubernetes.core.v1.Secret("login", metadata=self._meta("login"), string_data={"password": made}, opts=below)
        ports: Any = [{"name": "postgresql", "port": self.port}]
        kubernetes.core.v1.Service("door", metadata=self._meta("door"), spec={"ports": ports}, opts=below)

    def _meta(self, name: str) -> Any:
        return {"name": name, "namespace": self.namespace}


@pytest.fixture
def objects(namespace: str) -> Objects:
    return Objects(namespace)


@pytest.fixture
def program(tmp_path: Path, kubeconfig: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    variables = environment(tmp_path, kubeconfig)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = Program(tmp_path, variables, objects)
    yield found
    found.destroy()


def kubectl(*words: str) -> str:
    return subprocess.run(["kubectl", *words], capture_output=True, text=True, check=True, timeout=60).stdout


def test_up_again_drift_and_destroy(program: Program, objects: Objects) -> None:
    first = program.preview()
    assert first.change_summary == {"create": 6}
    with pytest.raises(subprocess.CalledProcessError):
        kubectl("get", "namespace", objects.namespace)

    program.up()
    assert kubectl("get", "secret", "login", "-n", objects.namespace, "-o", "jsonpath={.data.password}")
    second = program.up()
    assert second.summary.resource_changes == {"same": 6}
    assert program.refresh().summary.resource_changes == {"same": 6}

    kubectl("patch", "configmap", "files", "-n", objects.namespace, "-p", json.dumps({"data": {"setting": "two"}}))
    kubectl("delete", "service", "door", "-n", objects.namespace)
    assert program.refresh().summary.resource_changes == {"same": 4, "update": 1, "delete": 1}
    assert program.up().summary.resource_changes == {"same": 4, "update": 1, "create": 1}
    found = kubectl("get", "configmap", "files", "-n", objects.namespace, "-o", "jsonpath={.data.setting}")
    assert found == "one"

    program.destroy()
    with pytest.raises(subprocess.CalledProcessError):
        kubectl("get", "namespace", objects.namespace)
    assert PASSWORD not in program.output
    assert PASSWORD not in program.state()


def test_what_the_api_server_refuses_stops_the_preview(program: Program, objects: Objects) -> None:
    program.up()
    objects.port = 70_000

    with pytest.raises(CommandError, match="must be between 1 and 65535"):
        program.preview()


def test_a_hand_edit_is_a_conflict_unless_the_program_forces(program: Program, objects: Objects) -> None:
    program.up()
    kubectl("patch", "configmap", "files", "-n", objects.namespace, "-p", json.dumps({"data": {"setting": "two"}}))
    objects.force, objects.data = False, {"setting": "three"}

    with pytest.raises(CommandError, match="conflict"):
        program.up()
