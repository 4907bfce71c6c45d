"""When an object has done what it was applied for. Each rule looks at it and says what is still missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.plugins.kubernetes.cluster import Cluster

Object = dict[str, Any]
Rule = Callable[[Cluster, Object], "str | None"]  # None: ready; else what is missing


class Hopeless(Exception):  # noqa: N818
    """It will never get ready."""


def missing(cluster: Cluster, live: Object, condition: str | None = None) -> str | None:
    """What is still missing; None when the object is ready. `condition` is one to wait for instead. Raises Hopeless."""
    if condition is not None:
        return _condition(live, condition)
    rule = RULES.get(live["kind"])
    return rule(cluster, live) if rule else None


def _condition(live: Object, condition: str) -> str | None:
    """condition=Ready, as the annotation waitFor has it."""
    name = condition.removeprefix("condition=")
    found = {each["type"]: each["status"] for each in live.get("status", {}).get("conditions", ())}
    return None if found.get(name) == "True" else f"its condition {name} is {found.get(name, 'not known')}"


def _observed(live: Object) -> bool:
    observed = live.get("status", {}).get("observedGeneration", 0)
    return int(observed) >= int(live["metadata"].get("generation", 0))


def _stateful_set(cluster: Cluster, live: Object) -> str | None:
    spec, status = live["spec"], live.get("status", {})
    if not _observed(live):
        return "its controller has not looked at it yet"
    wanted, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    updated = status.get("updatedReplicas", 0)
    if status.get("replicas", 0) != wanted or ready < wanted:
        return f"{ready} of {wanted} pods ready{_pods(cluster, live)}"
    if spec.get("updateStrategy", {}).get("type") == "OnDelete" or not wanted:
        return None
    if updated < wanted or status.get("currentRevision") != status.get("updateRevision"):
        return f"{updated} of {wanted} pods of the new revision"
    return None


def _deployment(cluster: Cluster, live: Object) -> str | None:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    if not _observed(live):
        return "its controller has not looked at it yet"
    for condition in status.get("conditions", ()):
        if condition["type"] == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            raise Hopeless(str(condition.get("message")))
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated < wanted or available < wanted or status.get("replicas", 0) > wanted:
        return f"{available} of {wanted} pods available, {updated} of the new revision{_pods(cluster, live)}"
    return None


def _job(_cluster: Cluster, live: Object) -> str | None:
    for condition in live.get("status", {}).get("conditions", ()):
        if condition.get("status") == "True" and condition["type"] == "Complete":
            return None
        if condition.get("status") == "True" and condition["type"] == "Failed":
            raise Hopeless(f"the job failed: {condition.get('message')}")
    return "the job has not ended"


def _claim(cluster: Cluster, live: Object) -> str | None:
    if live.get("status", {}).get("phase") == "Bound":
        wanted = live["spec"]["resources"]["requests"]["storage"]
        has = live["status"].get("capacity", {}).get("storage")
        conditions = [each["type"] for each in live["status"].get("conditions", ()) if each.get("status") == "True"]
        return f"its volume has {has} of {wanted}" if "Resizing" in conditions else None
    name = live["spec"].get("storageClassName")
    if name:
        kind = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}}
        found = cluster.get(kind)
        if found and found.get("volumeBindingMode") == "WaitForFirstConsumer":
            return None  # bound when a pod wants it
    return "its volume is not bound"


def _pod(_cluster: Cluster, live: Object) -> str | None:
    status = live.get("status", {})
    if status.get("phase") == "Succeeded":
        return None
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", ()))
    return None if ready else f"the pod is {status.get('phase', 'unknown')}"


def _service(cluster: Cluster, live: Object) -> str | None:
    spec, meta = live["spec"], live["metadata"]
    if spec.get("type") == "LoadBalancer" and not live.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return "it has no address"
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return None
    slices = cluster.listed(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        meta["namespace"],
        labelSelector=f"kubernetes.io/service-name={meta['name']}",
    )
    ends = [end for each in slices for end in each.get("endpoints") or ()]
    ready = any(end.get("conditions", {}).get("ready") for end in ends)
    return None if ready else "no pod behind it is ready"


def _namespace(_cluster: Cluster, live: Object) -> str | None:
    return None if live.get("status", {}).get("phase") == "Active" else "it is not active"


def _pods(cluster: Cluster, live: Object) -> str:
    """Why pods are not ready, in few words."""
    labels = live["spec"]["selector"].get("matchLabels", {})
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    pods = cluster.listed("v1", "Pod", live["metadata"]["namespace"], labelSelector=selector)
    told = {reason for pod in pods for reason in _reasons(pod)}
    return f" ({', '.join(sorted(told))})" if told else ""


def _reasons(pod: Object) -> list[str]:
    status, name = pod.get("status", {}), pod["metadata"]["name"]
    found = [
        f"{name}: {each.get('message') or each.get('reason')}"
        for each in status.get("conditions", ())
        if each["type"] == "PodScheduled" and each["status"] == "False"
    ]
    for container in [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]:
        waiting = container.get("state", {}).get("waiting", {})
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            found.append(f"{name}: {waiting['reason']}")
    return found


RULES: Mapping[str, Rule] = {
    "StatefulSet": _stateful_set,
    "Deployment": _deployment,
    "Job": _job,
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
    "Service": _service,
    "Namespace": _namespace,
}
