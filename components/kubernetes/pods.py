"""The members' pods as Kubernetes tells of them: which are of the template as it is now, and which are ready."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.contract import Route
from components.kubernetes.names import MEMBERS
from components.reach.asking import ask

NAME, OURS = "app.kubernetes.io/name", "postgresql"
SELECTOR = f"{NAME}={OURS}"
REVISION = "controller-revision-hash"
ENDING = "is ending"
ORDINARY = {None, "ContainerCreating", "PodInitializing"}


@dataclass(frozen=True, kw_only=True)
class Pod:
    """One member's pod. `current`: made of the template as it is now. `why`: what keeps it from being ready."""

    name: str
    uid: str
    current: bool
    ready: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Pods:
    """All of them, and how many there shall be. `known`: Kubernetes has seen the template as it is now."""

    wanted: int
    known: bool
    members: tuple[Pod, ...]

    @property
    def outdated(self) -> list[str]:
        """Those made of an earlier template."""
        return [pod.name for pod in self.members if not pod.current] if self.known else []

    def missing(self, spared: Collection[str] = ()) -> str:
        """What is to be waited for, in words. What an earlier template made need not get ready any more, nor need the
        `spared`; who ends is waited for.
        """
        if not self.known:
            return "Kubernetes has not looked at the members' template yet"
        late = [pod for pod in self.members if not pod.ready and (pod.current or pod.why == ENDING)]
        told = [f"{pod.name} {pod.why or 'is not ready'}" for pod in late if pod.name not in spared]
        if len(self.members) != self.wanted:
            told.append(f"{len(self.members)} of {self.wanted} pods are there")
        return ", ".join(told)


def look(route: Route) -> Pods:
    """Raises RouteError."""
    words = ("get", "statefulsets,pods", f"--selector={SELECTOR}", "--output=json")
    return told(json.loads(ask(route, *words, what="the members' pods cannot be listed"))["items"])


def told(objects: list[dict[str, Any]]) -> Pods:
    """From Kubernetes' own objects: the members' StatefulSet and their pods."""
    of = next((one for one in objects if one["kind"] == "StatefulSet" and one["metadata"]["name"] == MEMBERS), None)
    if of is None:
        return Pods(wanted=0, known=False, members=())
    status = of.get("status", {})
    revision = status.get("updateRevision")
    pods = sorted((one for one in objects if _is_member(one)), key=lambda one: str(one["metadata"]["name"]))
    return Pods(
        wanted=int(of["spec"]["replicas"]),
        known=int(status.get("observedGeneration", 0)) >= int(of["metadata"]["generation"]),
        members=tuple(_pod(one, revision) for one in pods),
    )


def _is_member(plain: Mapping[str, Any]) -> bool:
    return bool(plain["kind"] == "Pod" and plain["metadata"].get("labels", {}).get(NAME) == OURS)


def _pod(plain: Mapping[str, Any], revision: str | None) -> Pod:
    metadata, status = plain["metadata"], plain.get("status", {})
    ending = "deletionTimestamp" in metadata
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", ()))
    return Pod(
        name=str(metadata["name"]),
        uid=str(metadata["uid"]),
        current=metadata.get("labels", {}).get(REVISION) == revision and not ending,
        ready=ready and not ending,
        why=ENDING if ending else ", ".join(reasons(status)),
    )


def reasons(status: Mapping[str, Any]) -> Iterator[str]:
    for one in status.get("conditions", ()):
        if one["type"] == "PodScheduled" and one["status"] == "False":
            yield str(one.get("message") or one.get("reason"))
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        state = container.get("state", {})
        waiting = state.get("waiting", {})
        if waiting.get("reason") not in ORDINARY:
            yield f"{waiting['reason']}: {waiting.get('message', '')}".rstrip(": ")


def following(pods: Pods, leader: str | None) -> Pod | None:
    """Who is to be replaced now: who is not ready anyway, then replicas, the leader last. None: nobody."""
    waiting = [pod for pod in pods.members if pod.name in pods.outdated and pod.why != ENDING]
    order = sorted(waiting, key=lambda pod: (pod.ready, pod.name == leader, -_ordinal(pod.name)))
    return order[0] if order else None


def _ordinal(name: str) -> int:
    return int(name.rpartition("-")[2])
