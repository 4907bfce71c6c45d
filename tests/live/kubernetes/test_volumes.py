"""Volumes of a running stack grow by patches of their claims: no pod, no StatefulSet is replaced for it.

What grows them on the lab is a stand-in (`resizer_stand_in.py`); on a cluster of one's own these tests are skipped.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.kubernetes import arguments, volumes
from components.kubernetes.volumes import VolumesProvider
from components.patroni.failure import ClusterError
from components.supervisor import processes
from tests.live.kubernetes.lab import Kubectl, Lab, wait_until
from tests.live.kubernetes.resizer_stand_in import Resizer, storage_class
from tests.live.kubernetes.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(2400)]
MEMBERS, ETCD = ("data-pg-0", "data-pg-1", "data-pg-2"), ("data-etcd-0", "data-etcd-1", "data-etcd-2")


@pytest.fixture(scope="module")
def growing(kubeconfig: Path) -> Iterator[str]:
    """The name of a StorageClass that allows expansion."""
    if Lab.of(kubeconfig) is None:
        pytest.skip("only the lab's volumes are grown by our stand-in")
    name, kubectl = f"test-growing-{secrets.token_hex(3)}", Kubectl(kubeconfig, "default")
    kubectl.run("apply", "--server-side", "-f", "-", given=json.dumps(storage_class(name)))
    yield name
    kubectl.try_to("delete", "storageclass", name)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path, growing: str) -> Iterator[Stack]:
    """Up once for all tests of this file, which run in their order."""
    made = Stack.make(tmp_path_factory.mktemp("stack"), f"t{secrets.token_hex(3)}", kubeconfig)
    storage = {"size": "1Gi", "etcd_size": "1Gi", "storage_class": growing}
    # Four members fit on three machines.
    made.change(access=[], kubernetes={"storage": storage, "spread": {"hosts": "preferred"}})
    with made.brought_up():
        yield made


@pytest.fixture(scope="module")
def resizer(stack: Stack) -> Iterator[Resizer]:
    with Resizer(stack.platform.kubectl) as running:
        yield running


def sized(stack: Stack, size: str) -> None:
    stack.change(kubernetes={"storage": {**stack.settings().kubernetes.storage.model_dump(), "size": size}})


def claims(stack: Stack) -> dict[str, tuple[str, str]]:
    """What each asks for and has."""
    items = json.loads(stack.platform.kubectl.run("get", "pvc", "-o", "json"))["items"]
    return {
        one["metadata"]["name"]: (
            one["spec"]["resources"]["requests"]["storage"],
            one["status"].get("capacity", {}).get("storage", ""),
        )
        for one in items
    }


def identities(stack: Stack) -> dict[str, str]:
    """The members' and etcd's pods and StatefulSets, each with what tells it from the next one of that name."""
    words = ("get", "statefulsets,pods", "-l", "app.kubernetes.io/name in (postgresql, etcd)", "-o", "json")
    items = json.loads(stack.platform.kubectl.run(*words))["items"]
    restarts = {
        one["metadata"]["name"]: sum(each["restartCount"] for each in one["status"].get("containerStatuses", ()))
        for one in items
    }
    return {
        f"{one['kind']} {one['metadata']['name']}": f"{one['metadata']['uid']} {restarts[one['metadata']['name']]}"
        for one in items
    }


def test_a_preview_says_what_grows_and_replaces_nothing(stack: Stack) -> None:
    sized(stack, "2Gi")

    found = stack.changes("preview")

    assert set(found) <= {"update", "same"}, found
    told = stack.told("preview")
    assert "data-pg-0, data-pg-1, data-pg-2: 1Gi -> 2Gi: grown in place, nobody is cut off" in told
    assert claims(stack) == dict.fromkeys((*MEMBERS, *ETCD), ("1Gi", "1Gi"))


def test_what_was_stopped_in_the_middle_is_finished_by_the_next_run(stack: Stack, resizer: Resizer) -> None:
    """Killed while it waits for a driver that is down; pods and StatefulSets stay what they are."""
    before = identities(stack)
    resizer.held.set()
    with begun(stack, "up"):
        wait_until(300, "a claim is patched", lambda: "" if claims(stack)["data-pg-2"][0] == "2Gi" else "none")
    assert {claims(stack)[name] for name in MEMBERS} == {("2Gi", "1Gi")}

    assert "data-pg-0 has 1Gi of 2Gi" in stack.told("preview")
    resizer.held.clear()
    stack.told("up")

    assert {claims(stack)[name] for name in MEMBERS} == {("2Gi", "2Gi")}
    assert {claims(stack)[name] for name in ETCD} == {("1Gi", "1Gi")}
    assert identities(stack) == before
    assert stack.platform.sql(stack.platform.leader(), "SHOW max_slot_wal_keep_size") == "614MB"


@contextlib.contextmanager
def begun(stack: Stack, verb: str) -> Iterator[None]:
    """A run that is killed at the end of the block, with its engine and its providers."""
    command = [str(stack.root / ".venv/bin/python"), "-m", "tools.driver", verb, "--stack", stack.name]
    with subprocess.Popen(
        command, cwd=stack.root, env=stack.environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as run:  # fmt: skip
        try:
            yield
            assert run.poll() is None, "it ended by itself"
        finally:
            for process in [*processes.descendants(processes.table(), run.pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            run.kill()


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    assert stack.changes("up") == {}
    assert stack.changes("refresh") == {}


def test_a_member_that_joins_later_gets_a_volume_of_todays_size(stack: Stack, resizer: Resizer) -> None:
    """The claim template still says the old one."""
    before = identities(stack)
    stack.change(replicas=3)
    assert "data-pg-3: a volume of 2Gi" in stack.told("preview")

    stack.told("up")

    assert claims(stack)["data-pg-3"] == ("2Gi", "2Gi")
    template = "jsonpath={.spec.volumeClaimTemplates[0].spec.resources.requests.storage}"
    assert stack.platform.kubectl.run("get", "statefulset", "pg", "-o", template) == "1Gi"
    assert before.items() <= identities(stack).items()
    assert not resizer.held.is_set()
    assert stack.changes("up") == {}


def test_a_member_that_leaves_keeps_its_volume(stack: Stack) -> None:
    stack.change(replicas=2)
    assert "data-pg-3: stays, though nobody uses it" in stack.told("preview")
    stack.told("up")
    assert claims(stack)["data-pg-3"] == ("2Gi", "2Gi")
    assert stack.changes("up") == {}


def test_a_claim_made_anew_is_drift(stack: Stack, resizer: Resizer) -> None:
    """A replica's volume was lost, and its claim comes from the template, as small as at first."""
    leader = stack.platform.leader()
    lost = next(name for name in ("pg-2", "pg-1") if name != leader)
    kubectl = stack.platform.kubectl
    kubectl.run("delete", "pvc", f"data-{lost}", "--wait=false")
    kubectl.run("delete", "pod", lost, "--wait=true", limit=180)
    wait_until(120, "a new claim", lambda: "" if claims(stack).get(f"data-{lost}", ("",))[0] == "1Gi" else "none")
    stack.platform.wait_whole()

    assert f"drift: data-{lost} asks for 1Gi instead of 2Gi" in stack.told("preview")
    stack.told("up")

    assert claims(stack)[f"data-{lost}"] == ("2Gi", "2Gi")
    assert not resizer.held.is_set()


def refused(stack: Stack, size: str) -> str:
    """What a preview says that ends with an error."""
    sized(stack, size)
    done = stack.run("preview")
    assert done.returncode != 0, done.stdout
    return " ".join(done.stderr.split())


def test_what_cannot_be_is_refused_before_anything_is_touched(stack: Stack, growing: str) -> None:
    told = refused(stack, "1Gi")
    assert "data-pg-0, data-pg-1, data-pg-2, data-pg-3 have 2Gi, and no volume shrinks; set 2Gi or more" in told

    kubectl = Kubectl(stack.kubeconfig, "default")
    allowed: dict[str, Any] = {"allowVolumeExpansion": False}
    kubectl.run("patch", "storageclass", growing, "--type=merge", "--patch", json.dumps(allowed))
    try:
        told = refused(stack, "3Gi")
    finally:
        kubectl.run("patch", "storageclass", growing, "--type=merge", "--patch", '{"allowVolumeExpansion": true}')
    assert f"the StorageClass {growing} of data-pg-0, data-pg-1, data-pg-2, data-pg-3 does not allow expansion" in told
    assert "set the size back" in told
    sized(stack, "2Gi")


def test_a_driver_that_is_down_is_waited_for_to_a_limit(
    stack: Stack, resizer: Resizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resizer.held.set()
    sized(stack, "3Gi")
    monkeypatch.setattr(volumes, "GROWN_LIMIT", 3.0)

    with pytest.raises(
        ClusterError, match=r"waited 3 s for volumes: data-pg-0 has 2Gi of 3Gi, .*; the next up goes on"
    ):
        VolumesProvider().ensure(arguments.volumes_spec(stack.settings()), None)

    resizer.held.clear()
    stack.told("up")
    assert {claims(stack)[name] for name in MEMBERS} == {("3Gi", "3Gi")}
