"""What is made of Kubernetes' word on the members' pods: who is waited for, and who is replaced next."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.pods import Pods, following, told

OLD, NEW = "pg-1111", "pg-2222"


def stateful_set(replicas: int = 3, observed: int = 2) -> dict[str, Any]:
    return {
        "kind": "StatefulSet",
        "metadata": {"name": "pg", "generation": 2},
        "spec": {"replicas": replicas},
        "status": {"observedGeneration": observed, "updateRevision": NEW},
    }


def pod(number: int, revision: str = NEW, *, ready: bool = True, ending: bool = False, **status: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "postgresql", "controller-revision-hash": revision}
    metadata = {"name": f"pg-{number}", "uid": f"uid-{number}", "labels": labels}
    conditions = [{"type": "Ready", "status": str(ready)}]
    gone = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if ending else {}
    return {"kind": "Pod", "metadata": metadata | gone, "status": {"conditions": conditions, **status}}


def seen(*pods: dict[str, Any], **of: int) -> Pods:
    return told([*pods, stateful_set(**of)])


def test_three_ready_pods_of_the_template_are_all() -> None:
    found = seen(pod(0), pod(1), pod(2))

    assert (found.missing(), found.outdated, following(found, "pg-1")) == ("", [], None)


PULL = {"name": "postgres", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}


@pytest.mark.parametrize(
    "found, said",
    [
        pytest.param(told([]), "not looked at", id="nothing is there yet"),
        pytest.param(seen(pod(0), pod(1), pod(2), observed=1), "not looked at", id="a template nobody has seen"),
        pytest.param(seen(pod(0), pod(1)), "2 of 3 pods", id="one too few"),
        pytest.param(seen(pod(0), pod(1), pod(2), pod(3, ending=True)), "pg-3 is ending", id="one too many"),
        pytest.param(seen(pod(0), pod(1), pod(2, ready=False)), "pg-2 is not ready", id="one that starts"),
        pytest.param(seen(pod(0), pod(1), pod(2, OLD, ending=True)), "pg-2 is ending", id="one that was replaced"),
        pytest.param(
            seen(pod(0), pod(1), pod(2, ready=False, containerStatuses=[PULL])),
            "pg-2 ErrImagePull: no such image",
            id="an image that is not there",
        ),
    ],
)
def test_what_is_waited_for_is_said(found: Pods, said: str) -> None:
    assert said in found.missing()


def test_nobody_waits_for_a_fenced_member_or_for_what_is_replaced_anyway() -> None:
    assert seen(pod(0), pod(1), pod(2, ready=False)).missing({"pg-2"}) == ""
    assert seen(pod(0), pod(1), pod(2, OLD, ready=False)).missing() == ""


@pytest.mark.parametrize(
    "pods, leader, name",
    [
        pytest.param([pod(0, OLD), pod(1, OLD), pod(2, OLD)], "pg-2", "pg-1", id="the leader is last: highest replica"),
        pytest.param([pod(0, OLD), pod(1, OLD), pod(2)], "pg-1", "pg-0", id="the leader is last: the other replica"),
        pytest.param([pod(0), pod(1, OLD), pod(2)], "pg-1", "pg-1", id="the leader, when nobody else is left"),
        pytest.param([pod(0, OLD, ready=False), pod(1, OLD), pod(2)], "pg-1", "pg-0", id="who is not ready anyway"),
        pytest.param([pod(0, OLD), pod(9, OLD), pod(10, OLD)], "pg-0", "pg-10", id="by number"),
        pytest.param([pod(0, OLD, ending=True), pod(1), pod(2)], "pg-1", None, id="one that is ending already"),
        pytest.param([pod(0), pod(1), pod(2)], None, None, id="nobody"),
    ],
)
def test_replicas_go_first_and_the_leader_last(
    pods: list[dict[str, Any]], leader: str | None, name: str | None
) -> None:
    found = following(seen(*pods), leader)

    assert (found.name if found else None) == name
