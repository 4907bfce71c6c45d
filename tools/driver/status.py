"""How the cluster is at this moment: asked of the servers themselves and of their supervisors' status files.

Nothing is asked of Pulumi, so it works when half of everything is down.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tools.driver.cluster import Cluster, Gateway, Identity, Member, Node
from tools.driver.processes import recorded, status

LIMIT = 3.0  # seconds for one answer
STANDBY_LEADER = "standby leader"


@dataclass(frozen=True)
class MemberState:
    """`role` and `state` in Patroni's words; `lag` in bytes; None where nobody knows."""

    name: str
    role: str
    state: str
    timeline: int | None
    lag: int | None
    port: int
    supervisor: str


@dataclass(frozen=True)
class NodeState:
    name: str
    healthy: bool
    port: int
    supervisor: str


@dataclass(frozen=True)
class GatewayState:
    """`leader` is the member to which writers are sent; `open` says of each route whether its port answers."""

    leader: str | None
    supervisor: str
    ports: dict[str, int]
    open: dict[str, bool]


@dataclass(frozen=True)
class Report:
    scope: str
    members: tuple[MemberState, ...]
    etcd: tuple[NodeState, ...]
    gateway: GatewayState

    @property
    def faults(self) -> list[str]:
        """What is not as it should be; empty for a whole cluster."""
        found = [f"{each.name} is {each.state}" for each in self.members if each.state not in ("running", "streaming")]
        # A standby cluster has none: its leader follows another cluster.
        primaries = sum(each.role in ("primary", STANDBY_LEADER) for each in self.members)
        if primaries != 1:
            found.append(f"there are {primaries} primaries" if primaries else "there is no primary")
        found += [f"{each.name} does not answer" for each in self.etcd if not each.healthy]
        found += [
            f"port {self.gateway.ports[name]} ({name}) is closed" for name, up in self.gateway.open.items() if not up
        ]
        return found

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"faults": self.faults}


def look(cluster: Cluster) -> Report:
    """Ask everyone at once."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        own = [
            pool.submit(partial(_ask, each.host, each.rest_port, "/patroni", cluster.rest)) for each in cluster.members
        ]
        nodes = [pool.submit(partial(_node, each, cluster.etcd)) for each in cluster.nodes]
        routes = {name: pool.submit(_open, cluster.gateway.host, port) for name, port in cluster.gateway.ports.items()}
        answers = [future.result() for future in own]
        lags = _lags(cluster, answers)
        members = [_member(each, answer, lags) for each, answer in zip(cluster.members, answers, strict=True)]
        gateway = _gateway(cluster.gateway, {name: future.result() for name, future in routes.items()})
        return Report(cluster.scope, tuple(members), tuple(future.result() for future in nodes), gateway)


def _lags(cluster: Cluster, answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Bytes behind the primary by member, from the first member that answers."""
    for member, answer in zip(cluster.members, answers, strict=True):
        if answer:
            listed = _ask(member.host, member.rest_port, "/cluster", cluster.rest).get("members", [])
            return {each["name"]: each.get("lag") for each in listed}
    return {}


def _member(member: Member, answer: dict[str, Any], lags: dict[str, Any]) -> MemberState:
    role = {"master": "primary"}.get(answer.get("role", ""), answer.get("role", "unknown"))
    if answer.get("sync_standby") or answer.get("quorum_standby"):
        role = "sync standby" if answer.get("sync_standby") else "quorum standby"
    state = answer.get("replication_state") or answer.get("state") or "not answering"
    lag = lags.get(member.name)
    return MemberState(
        name=member.name,
        role=str(role),
        state=str(state),
        timeline=answer.get("timeline"),
        lag=lag if isinstance(lag, int) else None,
        port=member.port,
        supervisor=_supervisor(member.status_file),
    )


def _node(node: Node, identity: Identity) -> NodeState:
    healthy = str(_ask("localhost", node.port, "/health", identity).get("health", "")).lower() == "true"
    return NodeState(node.name, healthy, node.port, _supervisor(node.status_file))


def _gateway(gateway: Gateway, reachable: dict[str, bool]) -> GatewayState:
    leader = status(gateway.status_file).get("leader")
    return GatewayState(leader, _supervisor(gateway.status_file), gateway.ports, reachable)


def _supervisor(file: Path) -> str:
    """What it says of itself, unless it is no longer there to say it."""
    told = status(file)
    if not told:
        return "unknown"
    return str(told.get("state", "unknown")) if recorded(told) else "dead"


def _open(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=LIMIT):
            return True
    except OSError:
        return False


def _ask(host: str, port: int, path: str, identity: Identity) -> dict[str, Any]:
    """One GET with our client certificate; {} when there is no usable answer."""
    connection: http.client.HTTPSConnection | None = None
    try:
        trust = ssl.create_default_context(cafile=str(identity.ca))
        trust.load_cert_chain(identity.certificate, identity.key)
        connection = http.client.HTTPSConnection(host, port, timeout=LIMIT, context=trust)
        connection.request("GET", path)
        content = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        if connection is not None:
            connection.close()
    return content if isinstance(content, dict) else {}
