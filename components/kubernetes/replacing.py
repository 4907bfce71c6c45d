"""New pods for members whose template has changed: replicas first, the leader last, the cluster whole in between.

Kubernetes itself would go by number, and switch over once for each leader that it meets. The members' StatefulSet waits
for this instead (OnDelete); what a killed run left is found by the next one, and shown by its preview.
"""

from __future__ import annotations

from functools import partial

from components.contract import Route
from components.engine import tell
from components.kubernetes.pods import Pod, Pods, following, look
from components.kubernetes.restoring import Restoring
from components.kubernetes.waiting import nothing, wait
from components.patroni.failure import ClusterError
from components.patroni.provider import Spec
from components.patroni.rest import Patroni
from components.patroni.rolling import wait_whole
from components.reach import RouteError
from components.reach.asking import ask

READY_LIMIT = 3600.0  # a new member copies the whole database before it is ready
KNOWN_LIMIT = 120.0  # where no pod is new, one that is not ready has a trouble of its own
PODS = "the members' pods"


def replace(spec: Spec, patroni: Patroni, limit: float = READY_LIMIT) -> None:
    """Until every member has a pod of the template as it is now, and the cluster is whole. Raises ClusterError."""
    route, spared = Route(**spec["route"]), frozenset(spec["fenced"])
    while pod := following(settled(spec, limit), patroni.leader()):
        if pod.ready:
            wait_whole(patroni, spec["durability"], spared=spared)
        tell([f"{pod.name}: its pod is replaced"])
        _delete(route, pod.name)
        wait(partial(look, route), partial(_ending, pod), READY_LIMIT, PODS)
        settled(spec, READY_LIMIT)
        if pod.ready:
            wait_whole(patroni, spec["durability"], spared=spared)


def settled(spec: Spec, limit: float) -> Pods:
    """The pods, once all that shall be there are ready, but for those to be replaced. Raises ClusterError."""
    route = Route(**spec["route"])
    trouble = Restoring(route, spec["restored"]).trouble if spec.get("restored") else nothing
    return wait(partial(look, route), lambda now: now.missing(spec["fenced"]), limit, PODS, trouble=trouble)


def _ending(old: Pod, now: Pods) -> str:
    new = any(one.name == old.name and one.uid != old.uid for one in now.members)
    return "" if new else f"the earlier pod of {old.name} has not ended"


def _delete(route: Route, name: str) -> None:
    """Its preStop hook hands the lead over; whoever is gone already need not go."""
    try:
        ask(route, "delete", "pod", name, "--ignore-not-found", "--wait=false", what=f"{name} cannot be deleted")
    except RouteError as error:
        raise ClusterError(str(error)) from None
