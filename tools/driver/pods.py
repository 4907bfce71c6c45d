"""A stack on Kubernetes as it is at this moment: asked of Patroni and of Kubernetes, not of Pulumi."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from components.access.session import reached
from components.kubernetes import arguments
from components.kubernetes.early import REST
from components.kubernetes.election import config_maps
from components.kubernetes.kubectl import Ask, kubectl
from components.kubernetes.names import ETCD, GATEWAY, MEMBERS, PORTS, SERVICES, forget, namespace, volume
from components.kubernetes.patroni import routed
from components.reach import RouteError, identity_files, open_route
from components.render.pod_election import etcd_names
from components.settings.model import Settings
from tools.driver.client import from_url, variables
from tools.driver.refusal import Refusal
from tools.driver.status import GatewayState, MemberState, NodeState, Report

NAMES = {"certificate": "tls.crt", "key": "tls.key", "ca": "ca.crt"}


def look(settings: Settings) -> Report:
    """Members by Patroni's own view, etcd nodes and routes by what Kubernetes says of their pods."""
    ask = kubectl(settings)
    pods, ends = _listed(ask, "pods"), _listed(ask, "endpointslices")
    members = _members(settings, identity(ask), pods)
    nodes = [
        NodeState(name, ready, 2379, state)
        for name, ready, state in _ready(pods, f"{ETCD}-", len(etcd_names(settings)))
    ]
    leader = next((each.name for each in members if each.role == "primary"), None)
    served = {name: service in ends for name, service in SERVICES.items()}
    gateways = [ready for _, ready, _ in _ready(pods, f"{GATEWAY}-", None)]
    state = f"{sum(gateways)} of {len(gateways)} pods ready"
    return Report(settings.name, tuple(members), tuple(nodes), GatewayState(leader, state, dict(PORTS), served))


def identity(ask: Ask) -> dict[str, str]:
    """The administrator's, from its Secret. Raises Refusal in kubectl's words."""
    data = _answer(ask, ("get", "secret", "admin-tls", "--output=json"))["data"]
    own = {name: base64.b64decode(data[key]).decode() for name, key in NAMES.items() if key in data}
    return own | _authority(ask, data)


def _authority(ask: Ask, data: Mapping[str, str]) -> dict[str, str]:
    """cert-manager puts the CA beside each certificate; our own lies in a Secret of its own."""
    if NAMES["ca"] in data:
        return {}
    found = _answer(ask, ("get", "secret", "ca", "--output=json"))["data"]
    return {"ca": base64.b64decode(found["ca.crt"]).decode()}


def _answer(ask: Ask, words: Sequence[str]) -> dict[str, Any]:
    status, text, complaint = ask(words)
    if status != 0:
        raise Refusal(f"kubectl {' '.join(words[:3])}: {complaint or 'no answer'}")
    found: dict[str, Any] = json.loads(text)
    return found


def _listed(ask: Ask, what: str) -> dict[str, dict[str, Any]]:
    """Pods by name; of endpoint slices the Services that have a ready end."""
    items = _answer(ask, ("get", what, "--output=json"))["items"]
    if what == "pods":
        return {each["metadata"]["name"]: each for each in items}
    return {
        each["metadata"]["labels"].get("kubernetes.io/service-name", ""): each
        for each in items
        if any(end.get("conditions", {}).get("ready") for end in each.get("endpoints") or ())
    }


def _ready(pods: Mapping[str, dict[str, Any]], prefix: str, count: int | None) -> list[tuple[str, bool, str]]:
    """Name, whether it is ready, and what it is otherwise. `count` names those that have to be there."""
    names = sorted(name for name in pods if name.startswith(prefix))
    if count is not None:
        names = [f"{prefix}{number}" for number in range(count)]
    return [(name, *_pod(pods.get(name))) for name in names]


def _pod(pod: dict[str, Any] | None) -> tuple[bool, str]:
    if pod is None:
        return False, "no pod"
    status = pod.get("status", {})
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", ()))
    restarts = sum(each.get("restartCount", 0) for each in status.get("containerStatuses", ()))
    told = "ready" if ready else str(status.get("phase", "unknown"))
    return ready, f"{told}, {restarts} restarts" if restarts else told


def _members(settings: Settings, known: Mapping[str, str], pods: Mapping[str, dict[str, Any]]) -> list[MemberState]:
    spec = arguments.configuration_spec(settings)
    try:
        with routed(spec, known) as patroni:
            view = {each["name"]: each for each in patroni.view()}
    except RouteError as error:
        raise Refusal(str(error)) from None
    found = []
    for name, ready, state in _ready(pods, f"{MEMBERS}-", settings.members):
        told = view.get(name, {})
        lag = told.get("lag")
        found.append(
            MemberState(
                name=name,
                role=_role(str(told.get("role", "unknown"))),
                state=str(told.get("state") or ("running" if ready else "not answering")),
                timeline=told.get("timeline"),
                lag=lag if isinstance(lag, int) else None,
                port=REST,
                supervisor=state,
            )
        )
    return found


def _role(told: str) -> str:
    """Patroni's word as `make status` has it."""
    return "primary" if told == "leader" else told.replace("_", " ")


@contextmanager
def session(settings: Settings, url: str | None, database: str) -> Iterator[dict[str, str]]:
    """libpq's variables: the administrator's by certificate, or those of a login's `url`; by whatever route."""
    server, known = arguments.server(settings), identity(kubectl(settings))
    try:
        if url is None:
            with reached(server, known) as target:
                yield variables({**target.words, **target.carried(), "dbname": database or server.database})
            return
        with open_route(server.route, server.writer) as way, identity_files({"ca": known["ca"]}) as files:
            yield {**from_url(url), **variables({**files, **way.words()})}
    except RouteError as error:
        raise Refusal(str(error)) from None


def kept(settings: Settings) -> str:
    """What `make down` leaves on purpose, and how it is removed."""
    space = namespace(settings)
    if settings.kubernetes.existing_namespace and settings.lease_in_kubernetes:
        left = [f"pvc/{volume(MEMBERS, number)}" for number in range(settings.members)]
        left += [f"configmap/{name}" for name in config_maps(settings)]
        return (
            f"kept the volumes in namespace {space}, and Patroni's ConfigMaps, which say who may lead on them;"
            f" `kubectl delete -n {space} --ignore-not-found {' '.join(left)}` removes both for good"
        )
    if settings.kubernetes.existing_namespace:
        return f"kept the volumes in namespace {space}; `{forget(settings)}` removes them for good"
    return f"kept namespace {space} with the volumes; `kubectl delete namespace {space}` removes them for good"
