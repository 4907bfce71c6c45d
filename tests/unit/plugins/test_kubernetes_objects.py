"""What the Kubernetes stand-in compares and replaces, without any API."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.plugins.kubernetes.objects import difference, identity, located, manager, normal, pruned
from tests.plugins.kubernetes.waiting import missing
from tests.plugins.protocol_values import UNKNOWN

NOBODY: Any = None  # no rule that is tried here asks the cluster


def manifest(kind: str, **parts: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "n"}, **parts}


@pytest.mark.parametrize(
    "live, inputs, seen",
    [
        pytest.param({"a": 1, "status": 2}, {"a": 3}, {"a": 1}, id="what the inputs do not speak of is left out"),
        pytest.param({"p": [{"n": 1, "d": 2}]}, {"p": [{"n": 9}]}, {"p": [{"n": 1}]}, id="entry by entry"),
        pytest.param({"p": [{"n": 1, "d": 2}]}, {"p": []}, {"p": [{"n": 1, "d": 2}]}, id="another length: as it is"),
        pytest.param({}, {"a": 1}, {}, id="gone"),
    ],
)
def test_only_what_was_asked_for_is_compared(live: Any, inputs: Any, seen: Any) -> None:
    assert pruned(live, inputs) == seen


@pytest.mark.parametrize(
    "old, new, mutable, replaced",
    [
        pytest.param(
            manifest("StatefulSet", spec={"serviceName": "a"}), manifest("StatefulSet", spec={"serviceName": "b"}),
            (), {"spec.serviceName"}, id="a fixed field of a StatefulSet",
        ),
        pytest.param(
            manifest("StatefulSet", spec={"replicas": 3}), manifest("StatefulSet", spec={"replicas": 5}),
            (), set(), id="one that may change",
        ),
        pytest.param(
            manifest("ConfigMap", data={"x": "1"}), manifest("ConfigMap", data={"x": "2"}),
            (), {"data.x"}, id="a ConfigMap, as the real provider does by default",
        ),
        pytest.param(
            manifest("ConfigMap", data={"x": "1"}), manifest("ConfigMap", data={"x": "2"}),
            ("ConfigMap",), set(), id="a ConfigMap that may be changed in place",
        ),
    ],
)  # fmt: skip
def test_what_a_change_replaces(old: Any, new: Any, mutable: tuple[str, ...], replaced: set[str]) -> None:
    found = difference(old, new, mutable=frozenset(mutable))

    assert found.changed
    assert found.replaced == replaced
    assert found.delete_first == bool(replaced)


def test_what_is_empty_is_as_good_as_absent() -> None:
    old, new = manifest("Service", spec={"x": 1}), manifest("Service", spec={"x": 1, "ports": []}, data={})

    assert not difference(old, new, mutable=frozenset()).changed


def test_a_secret_is_compared_as_it_is_kept() -> None:
    found = normal(manifest("Secret", stringData={"a": "b", "later": UNKNOWN}))

    assert found["data"] == {"a": base64.b64encode(b"b").decode(), "later": UNKNOWN}
    assert "stringData" not in found


def test_an_id_leads_back_to_the_object() -> None:
    place = located("kubernetes:apps/v1:StatefulSet", identity(manifest("StatefulSet")))

    assert place == {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a", "namespace": "n"}}
    assert located("kubernetes:core/v1:PersistentVolumeClaimPatch", "n/a")["kind"] == "PersistentVolumeClaim"


def test_each_resource_owns_its_fields_by_itself() -> None:
    assert manager("urn:a", {}) != manager("urn:b", {})
    assert manager("urn:a", {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "me"}}}) == "me"


@pytest.mark.parametrize(
    "live, lacks",
    [
        pytest.param({"kind": "ConfigMap"}, None, id="nothing to wait for"),
        pytest.param(
            {"kind": "StatefulSet", "metadata": {"generation": 2}, "spec": {}, "status": {"observedGeneration": 1}},
            "its controller has not looked at it yet", id="the controller is behind",
        ),
        pytest.param(
            {"kind": "StatefulSet", "metadata": {"generation": 1}, "spec": {"replicas": 3}, "status": {
                "observedGeneration": 1, "replicas": 3, "readyReplicas": 3, "updatedReplicas": 1,
                "currentRevision": "a", "updateRevision": "b"}},
            "1 of 3 pods of the new revision", id="a roll that is under way",
        ),
        pytest.param(
            {"kind": "Job", "status": {"conditions": [{"type": "Complete", "status": "True"}]}}, None,
            id="a job that is done",
        ),
        pytest.param({"kind": "Namespace", "status": {"phase": "Terminating"}}, "it is not active", id="leaving"),
    ],
)  # fmt: skip
def test_what_is_waited_for(live: Any, lacks: str | None) -> None:
    assert missing(NOBODY, live) == lacks
