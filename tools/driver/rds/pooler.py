"""What stands in front of the databases, in AWS's own words, and what is not as it should be with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.rds.arguments_network import ports
from components.settings.model import Settings

Found = Mapping[str, Any]
ENDS = ("pooled", "pooled_reader")
NAMES = {"pgbouncer": "PgBouncer", "rds_proxy": "RDS Proxy"}
STEADY = "steady state"  # an event of ECS that explains nothing


@dataclass(frozen=True, kw_only=True)
class Front:
    """AWS's answers. `health` is the load balancer's by port, or of a proxy's targets; clients connect to `host`.

    `lack` is why the load balancer was not seen, where it was not.
    """

    service: Found | None = None
    proxy: Found | None = None
    host: str | None = None
    health: Mapping[int, Sequence[Found]] = field(default_factory=dict)
    lack: str | None = None


@dataclass(frozen=True, kw_only=True)
class End:
    """One address for clients. `healthy` of `targets` answer behind it."""

    name: str
    address: str
    healthy: int
    targets: int


@dataclass(frozen=True, kw_only=True)
class PoolerState:
    """Tasks are ECS's count; None for RDS Proxy, which has none. `said` is what ECS or the proxy's targets complain of.

    `rollout` is how far the newest revision is, in ECS's words.
    """

    kind: str
    name: str
    status: str
    ends: tuple[End, ...]
    desired: int | None = None
    running: int | None = None
    pending: int | None = None
    rollout: str | None = None
    said: str | None = None


def state(settings: Settings, front: Front) -> PoolerState | None:
    """None where AWS has none, whatever the settings say."""
    if front.service is not None:
        return _service(settings, front, front.service)
    if front.proxy is not None:
        return _proxy(settings, front, front.proxy)
    return None


def _service(settings: Settings, front: Front, found: Found) -> PoolerState:
    newest: Found = next((one for one in found.get("deployments", ()) if one.get("status") == "PRIMARY"), {})
    desired, running = int(found.get("desiredCount", 0)), int(found.get("runningCount", 0))
    failed = newest.get("rolloutState") == "FAILED"
    complaint = newest.get("rolloutStateReason") if failed else _complaint(found) if running < desired else None
    at = ports(settings, "pooler")
    return PoolerState(
        kind=NAMES["pgbouncer"],
        name=str(found.get("serviceName", "")),
        status=str(found.get("status", "unknown")),
        ends=() if front.lack else tuple(_end(*one, front) for one in zip(ENDS, (at.first, at.last), strict=True)),
        desired=desired,
        running=running,
        pending=int(found.get("pendingCount", 0)),
        rollout=newest.get("rolloutState"),
        said=complaint,
    )


def _end(name: str, port: int, front: Front) -> End:
    health = front.health.get(port, ())
    good = sum(one.get("TargetHealth", {}).get("State") == "healthy" for one in health)
    return End(name=name, address=f"{front.host or 'unknown'}:{port}", healthy=good, targets=len(health))


def _complaint(found: Found) -> str | None:
    """ECS's newest event, unless that is its word for peace."""
    newest = next((str(one["message"]) for one in found.get("events", ())), "")
    return newest if newest and STEADY not in newest else None


def _proxy(settings: Settings, front: Front, found: Found) -> PoolerState:
    at = ports(settings, "pooler")
    # A cluster is listed beside its members, without any health of its own.
    targets = [one for one in front.health.get(at.first, ()) if one.get("Type") != "TRACKED_CLUSTER"]
    ill = [one for one in targets if _target(one) != "AVAILABLE"]
    good = len(targets) - len(ill)
    address = f"{front.host or 'unknown'}:{at.first}"
    return PoolerState(
        kind=NAMES["rds_proxy"],
        name=str(found.get("DBProxyName", "")),
        status=str(found.get("Status", "unknown")),
        ends=tuple(End(name=name, address=address, healthy=good, targets=len(targets)) for name in ENDS),
        said="; ".join(_told(one) for one in ill) or None,
    )


def _target(found: Found) -> str:
    return str(found.get("TargetHealth", {}).get("State", "unknown"))


def _told(found: Found) -> str:
    health = found.get("TargetHealth", {})
    why = " ".join(filter(None, (health.get("Reason"), health.get("Description"))))
    return f"target {found.get('RdsResourceId', 'unknown')} is {_target(found)}" + (f" ({why})" if why else "")


def faults(kind: str, found: PoolerState | None) -> Iterator[str]:
    """What is not as it should be; `kind` is what the settings ask for."""
    if kind == "none":
        return
    if found is None:
        yield f"there is no pooler: AWS has no {NAMES[kind]} of this stack"
        return
    yield from _tasks(found) if found.desired is not None else _targets(found)


def _tasks(found: PoolerState) -> Iterator[str]:
    name, desired, running = found.name, found.desired or 0, found.running or 0
    why = f" ({found.said})" if found.said else ""
    if found.status != "ACTIVE":
        yield f"ECS service {name} is {found.status}"
    if desired == 0:
        yield f"no task of ECS service {name} is desired, so nobody is let in by {found.kind}"
    if running < desired:
        yield f"{running} of {desired} tasks of ECS service {name} are running{why}"
    elif found.rollout == "FAILED":
        yield f"the last rollout of ECS service {name} failed{why}"
    for end in found.ends:
        if end.healthy < desired:
            yield f"{end.address} ({end.name}) is {_answered(end, desired)}"


def _answered(end: End, desired: int) -> str:
    return (
        f"answered by {end.healthy} of {desired} tasks" if end.healthy else "closed: no task answers the load balancer"
    )


def _targets(found: PoolerState) -> Iterator[str]:
    if found.status != "available":
        yield f"RDS Proxy {found.name} is {found.status}"
    if not found.ends[0].targets:
        yield f"RDS Proxy {found.name} has no target"
    if found.said:
        yield f"RDS Proxy {found.name}: {found.said}"
