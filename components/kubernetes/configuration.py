"""Patroni's dynamic configuration of a cluster in pods: read, compared, patched, and brought into force."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pulumi.runtime import rpc

from components.contract import Route
from components.kubernetes import seen
from components.kubernetes.mounted import hurry
from components.kubernetes.patroni import RoutedPatroni, routed
from components.kubernetes.pods import told
from components.kubernetes.replacing import KNOWN_LIMIT, READY_LIMIT, replace, settled
from components.kubernetes.resources import IDENTITY
from components.kubernetes.shown import unnamed
from components.patroni.configuration import bring_about, changes, drift
from components.patroni.failure import ClusterError
from components.patroni.provider import Provider, Spec
from components.patroni.rest import Patroni
from components.patroni.rolling import switchover
from components.patroni.waiting import until
from components.reach import RouteError
from components.reach.identity import unusable
from components.render.impact import needs_restart

CYCLES = 2  # of each member after a change: the first may have begun with what was before
CYCLE_SLACK = 30.0

Props = dict[str, Any]


class ConfigurationProvider(Provider):
    """`identity` is the administrator's, and travels as secrets beside the spec."""

    def parsed(self, props: Props) -> Spec:
        spec: Spec = json.loads(props["spec"])
        found = {name: rpc.unwrap_rpc_secret(props.get(name)) for name in IDENTITY}
        known = all(isinstance(text, str) and text != rpc.UNKNOWN for text in found.values())
        return spec | {"identity": found if known else {}}

    def settled(self, props: Props, found: list[str]) -> Props:
        return {**props, "drift": found}

    def identified(self, spec: Spec) -> str:
        return f"{spec['route']['namespace']}/{spec['scope']}"

    def ensure(self, spec: Spec, old: Spec | None) -> None:
        if spec["asleep"]:
            settled(spec, READY_LIMIT)
            return
        _LOOKS.clear()
        seen.forget()
        hurry(Route(**spec["route"]))
        with _members(spec) as patroni:
            settled(spec, READY_LIMIT if _new_pods(spec, old) else KNOWN_LIMIT)
            # First: nobody waits for a fenced member, so one that leads would be waited around for ever.
            _leave_the_fenced(spec, patroni)

            def in_force(change: Mapping[str, Any]) -> None:
                """New pods start with the new parameters, which spares the members another restart."""
                _wait_in_force(spec, patroni, change)
                replace(spec, patroni)

            bring_about(spec, patroni, in_force=in_force, old=old)
            replace(spec, patroni)
            _wait_fenced(spec, patroni)
            _wait_named(spec)

    def drift(self, spec: Spec, coming: Spec) -> list[str]:
        if spec["asleep"] or coming["asleep"]:
            return []
        try:
            found = _looked_at({**spec, "identity": coming["identity"] or spec["identity"]})
        except ClusterError as failure:
            return [str(failure)]
        if found.live is None:
            return [SILENCE]
        return [*drift(spec, coming, found.view, found.live), *(f"{name}: {EARLIER}" for name in found.outdated)]

    def changes(self, old: Spec, new: Spec) -> list[str]:
        if new["asleep"]:
            return [] if old["asleep"] else ["hibernate: members and gateways stop, volumes and etcd stay"]
        told = ["wakes: members and gateways start from their volumes"] if old["asleep"] else []
        told += changes(old, new)
        if old.get("template", new["template"]) != new["template"]:
            told.append(REPLACED)
        before, after = old.get("repository"), new.get("repository")
        if before and after and before != after:
            told.append(f"backups: {before} -> {after}: another repository, into which a first full backup is taken")
        for name in sorted(set(new["fenced"]) ^ set(old["fenced"])):
            told.append(
                f"{name}: {'fenced' if name in new['fenced'] else 'no longer fenced'}, nobody is cut off"
                f"{' but its readers' if name in new['fenced'] else ''}"
            )
        if not told and old.get("files", new["files"]) != new["files"]:
            told = ["programs read their changed files: reload, nobody is cut off"]
        if not told and new["identity"] and new["identity"] != old["identity"]:
            told = ["the administrator's certificate was renewed"]
        return told

    def remove(self, spec: Spec) -> None:
        """The configuration stays where the lease is kept: in etcd's volumes, or in Patroni's ConfigMaps."""


REPLACED = "new pods for the members, replicas first, then one switchover: writes pause for about 3 s"
EARLIER = "its pod is one of an earlier template"
FILES_LIMIT = 180.0  # kubelet looks after a pod each minute, where it cannot be hurried
POD_KEYS = ("members", "template", "asleep")
SILENCE = "no member answers, so the dynamic configuration cannot be read: up waits for the pods"


@dataclass(frozen=True)
class Look:
    """What one member told: the live configuration (None: nobody answered), and all members. `outdated` have a pod of
    an earlier template, as Kubernetes tells.
    """

    live: dict[str, Any] | None
    view: list[dict[str, Any]]
    outdated: list[str]
    at: float


_LOOKS: dict[str, Look] = {}
LOOK_KEPT = 120.0  # seconds: a run asks at its refresh, right after it, and when it compares


def _looked_at(spec: Spec) -> Look:
    """One look a run, until it changes something itself. Raises ClusterError when there is no way in."""
    where = json.dumps([spec["route"], spec["scope"]], sort_keys=True)
    kept = _LOOKS.get(where)
    if kept is not None and kept.live is not None and time.monotonic() - kept.at < LOOK_KEPT:
        return kept
    with _members(spec) as patroni, ThreadPoolExecutor(1) as beside:
        objects = beside.submit(seen.objects, Route(**spec["route"]))  # while the way to a member opens
        live = patroni.configuration()
        view = patroni.view() if live is not None else []
        _LOOKS[where] = Look(live, view, told(objects.result()).outdated, time.monotonic())
    return _LOOKS[where]


@contextmanager
def _members(spec: Spec) -> Iterator[RoutedPatroni]:
    """Raises ClusterError when nobody need try, or when there is no way in."""
    if why := unusable(spec["identity"]):
        raise ClusterError(f"the dynamic configuration cannot be read: {why}")
    try:
        with routed(spec, spec["identity"]) as patroni:
            yield patroni
    except RouteError as error:
        raise ClusterError(f"the dynamic configuration cannot be read: {error}") from None


def _wait_in_force(spec: Spec, patroni: Patroni, change: Mapping[str, Any]) -> None:
    """Where a restart may be due, until each member has looked at etcd often enough to say whether it needs one."""
    parameters: Mapping[str, Any] = change.get("postgresql", {}).get("parameters", {})
    if not any(needs_restart(name, int(spec["deployment"]["major"])) for name in parameters):
        return
    pause = float(spec["configuration"]["loop_wait"])
    for member in patroni.members:
        seen = {_seen(patroni, member)}

        def looked(member: str = member, seen: set[Any] = seen) -> bool:
            seen.add(_seen(patroni, member))
            return len(seen - {None}) > CYCLES

        until(looked, CYCLES * pause + CYCLE_SLACK, f"{member} to take over {', '.join(sorted(parameters))}")


def _seen(patroni: Patroni, member: str) -> Any:
    """When the member last heard of etcd, by its own clock."""
    return (patroni.look(member, "/patroni") or {}).get("dcs_last_seen")


def _new_pods(spec: Spec, old: Spec | None) -> bool:
    """Whether the change makes pods that were not there before."""
    return old is None or any(spec[key] != old.get(key) for key in POD_KEYS)


def _leave_the_fenced(spec: Spec, patroni: Patroni) -> None:
    """A fenced member that leads gives the leadership away."""
    leader = patroni.leader()
    if leader in spec["fenced"]:
        switchover(patroni, str(leader))


def _wait_fenced(spec: Spec, patroni: Patroni) -> None:
    """Until the fenced, and nobody else, say of themselves that they shall not lead; one of them may have come to."""
    wanted = set(spec["fenced"])

    def lacking() -> set[str]:
        return {str(one["name"]) for one in patroni.view() if bool((one.get("tags") or {}).get("nofailover"))} ^ wanted

    until(lambda: not lacking(), FILES_LIMIT, "fencing to be in force", lambda: f" on {', '.join(sorted(lacking()))}")
    _leave_the_fenced(spec, patroni)


def _wait_named(spec: Spec) -> None:
    """Until the certificates have the name under which clients come in from outside: access comes that way next."""
    door = spec.get("door")
    if not door:
        return

    def lacking() -> list[int]:
        return unnamed(door["host"], door["ports"], spec["identity"]["ca"])

    until(lambda: not lacking(), FILES_LIMIT, f"certificates made out to {door['host']}", lambda: f" at {lacking()}")
