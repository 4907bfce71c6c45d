"""The command that carries connections, and what it says. Pure."""

from __future__ import annotations

import json
import re

from components.contract import Endpoint, Route

PODS_S = 10  # how long kubectl looks for a ready pod behind the Service
POD_LABELS = 3  # after the pod's own: the headless Service, the namespace, svc
_PORT = re.compile(r"^Forwarding from 127\.0\.0\.1:(\d+) ->")


def port_forward(route: Route, endpoint: Endpoint, local: int | None = None) -> tuple[str, ...]:
    """kubectl's own words; without `local` it chooses a free port itself. No secret: kubectl reads the kubeconfig."""
    return (
        *kubectl(route),
        "port-forward",
        "--address=127.0.0.1",
        f"--pod-running-timeout={PODS_S}s",
        target(endpoint),
        f"{local or ''}:{endpoint.port}",
    )


def kubectl(route: Route) -> tuple[str, ...]:
    """Where its questions and orders go."""
    return (
        "kubectl",
        *((f"--kubeconfig={route.kubeconfig}",) if route.kubeconfig else ()),
        *((f"--context={route.context}",) if route.context else ()),
        f"--namespace={route.namespace}",
    )


def slices(endpoint: Endpoint) -> tuple[str, ...]:
    """Asks which pods are behind the Service that the endpoint's host begins with."""
    name = endpoint.host.partition(".")[0]
    return ("get", "endpointslices", f"--selector=kubernetes.io/service-name={name}", "--output=json")


def pods(text: str, endpoint: Endpoint) -> list[Endpoint]:
    """Each pod of the answer, ready or not, at the port that it has itself; those that are ending too."""
    found = set()
    for one in json.loads(text)["items"]:
        for port in one.get("ports") or ():
            for each in one.get("endpoints") or ():
                if (each.get("targetRef") or {}).get("kind") == "Pod":
                    found.add((str(each["targetRef"]["name"]), int(port["port"])))
    return [Endpoint(host=f"{name}.{endpoint.host}", port=port) for name, port in sorted(found)]


def target(endpoint: Endpoint) -> str:
    """What the host names: pg-rw.postgres-main.svc is a Service, pg-0.pg.postgres-main.svc one pod behind one."""
    name, *rest = endpoint.host.split(".")
    return f"{'pod' if len(rest) == POD_LABELS else 'service'}/{name}"


def local_port(line: str) -> int | None:
    """The port of this machine that kubectl says it carries; None for its other lines."""
    found = _PORT.match(line)
    return int(found.group(1)) if found else None


def complaint(lines: list[str], who: str = "kubectl") -> str:
    """What `who` ended with, in one line."""
    told = [line.strip() for line in lines if line.strip() and local_port(line) is None]
    return told[-1].removeprefix("error: ") if told else f"{who} ended without a word"
