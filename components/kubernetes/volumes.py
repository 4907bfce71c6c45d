"""Volumes of members and etcd nodes. A claim template makes them; from then on their size is a patch of each claim.

The template is never changed, since that would replace the StatefulSet. So a member that joins a cluster whose volumes
have grown gets a small volume first, which is grown at once, by the same patch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from components.contract import Route
from components.engine import tell
from components.kubernetes import seen
from components.kubernetes.pods import look as look_at_pods
from components.kubernetes.waiting import nothing, wait
from components.patroni.failure import ClusterError
from components.patroni.provider import Provider, Spec
from components.reach import RouteError
from components.reach.asking import ask
from components.settings.quantity import in_bytes

MADE_LIMIT = 600.0  # a volume is made when its pod has a machine
GROWN_LIMIT = 1800.0  # clouds do it in minutes, and count on waits
PENDING = "FileSystemResizePending"

Sizes = Mapping[str, str]  # as Kubernetes writes them, by the claim's name


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim: what it asks for, what its volume has (nothing before there is one), and what the driver waits for."""

    asks: str
    has: str = ""
    conditions: tuple[str, ...] = ()


class VolumesProvider(Provider):
    """Grows what is too small; nothing shrinks, which was refused before anything was touched."""

    def identified(self, spec: Spec) -> str:
        return f"{spec['route']['namespace']}/volumes"

    def ensure(self, spec: Spec, _old: Spec | None) -> None:
        route, wanted = Route(**spec["route"]), spec["volumes"]
        seen.forget()
        asleep = spec["asleep"]  # what no pod has mounted may not be there, and is not grown before one has
        claims = _wait(route, lambda now: "" if asleep else unmade(wanted, now), MADE_LIMIT, _pods_trouble)
        _grow(route, made(wanted, claims), claims)
        _wait(route, lambda now: "" if asleep else ungrown(wanted, now), GROWN_LIMIT)
        seen.forget()

    def drift(self, spec: Spec, coming: Spec) -> list[str]:
        try:
            claims = claims_of(seen.objects(Route(**spec["route"])))
        except RouteError as error:
            return [str(error)]
        if spec["asleep"] or coming["asleep"]:
            return list(differences(made(spec["volumes"], claims), coming["volumes"], claims))
        waits = ungrown(coming["volumes"], claims)
        return [*differences(spec["volumes"], coming["volumes"], claims), *([waits] if waits else [])]

    def changes(self, old: Spec, new: Spec) -> list[str]:
        return list(told(old["volumes"], new["volumes"]))

    def remove(self, spec: Spec) -> None:
        """Volumes outlive the stack."""


def look(route: Route) -> dict[str, Claim]:
    """The claims of the namespace. Raises RouteError."""
    words = ("get", "persistentvolumeclaims", "--output=json")
    return claims_of(json.loads(ask(route, *words, what="the volumes' claims cannot be listed"))["items"])


def claims_of(objects: Sequence[Mapping[str, Any]]) -> dict[str, Claim]:
    """Those among Kubernetes' objects, by name."""
    wanted = (one for one in objects if one["kind"] == "PersistentVolumeClaim")
    return {str(one["metadata"]["name"]): _claim(one) for one in wanted}


def _claim(plain: Mapping[str, Any]) -> Claim:
    status = plain.get("status", {})
    bound = status.get("phase") == "Bound"
    return Claim(
        asks=str(plain["spec"]["resources"]["requests"]["storage"]),
        has=str(status.get("capacity", {}).get("storage", "")) if bound else "",
        conditions=tuple(str(one["type"]) for one in status.get("conditions", ()) if one.get("status") == "True"),
    )


def made(wanted: Sizes, claims: Mapping[str, Claim]) -> dict[str, str]:
    """Of the sizes those of volumes that there are."""
    return {name: size for name, size in wanted.items() if name in claims and claims[name].has}


def to_grow(wanted: Sizes, claims: Mapping[str, Claim]) -> list[str]:
    """The claims that ask for less than they shall."""
    return [name for name in sorted(wanted) if in_bytes(claims[name].asks) < in_bytes(wanted[name])]


def unmade(wanted: Sizes, claims: Mapping[str, Claim]) -> str:
    """What cannot be patched yet: what is not there, or is to grow and has no volume, which Kubernetes refuses."""
    found = [f"{name} is not there" for name in sorted(wanted.keys() - claims.keys())]
    known = {name: size for name, size in wanted.items() if name in claims}
    return ", ".join([*found, *(f"{name} has no volume" for name in to_grow(known, claims) if not claims[name].has)])


def ungrown(wanted: Sizes, claims: Mapping[str, Claim]) -> str:
    """Whose volume is still smaller than its claim asks for, and what it waits for."""
    found = []
    for name in sorted(wanted.keys() & claims.keys()):
        claim = claims[name]
        if claim.has and in_bytes(claim.has) < in_bytes(claim.asks):
            why = f": its driver grows it when its pod, {name.partition('-')[2]}, starts the next time"
            found.append(f"{name} has {claim.has} of {claim.asks}{why if PENDING in claim.conditions else ''}")
    return ", ".join(found)


def differences(wanted: Sizes, coming: Sizes, claims: Mapping[str, Claim]) -> Iterator[str]:
    """What somebody did to a claim that goes on to be one."""
    for name in sorted(wanted.keys() & coming.keys()):
        if name not in claims:
            yield f"{name} is not there"
        elif in_bytes(claims[name].asks) < in_bytes(wanted[name]):
            yield f"{name} asks for {claims[name].asks} instead of {wanted[name]}"


def told(old: Sizes, new: Sizes) -> Iterator[str]:
    """What a change of sizes or of members does to the volumes."""
    grown = sorted(((old[name], new[name]), name) for name in old.keys() & new.keys() if old[name] != new[name])
    for (before, after), group in groupby(grown, key=lambda one: one[0]):
        yield f"{', '.join(name for _, name in group)}: {before} -> {after}: grown in place, nobody is cut off"
    for name in sorted(new.keys() - old.keys()):
        yield f"{name}: a volume of {new[name]}"
    for name in sorted(old.keys() - new.keys()):
        yield f"{name}: stays, though nobody uses it"


def _grow(route: Route, wanted: Sizes, claims: Mapping[str, Claim]) -> None:
    for name in to_grow(wanted, claims):
        tell([f"{name}: {claims[name].asks} -> {wanted[name]}"])
        change = json.dumps({"spec": {"resources": {"requests": {"storage": wanted[name]}}}})
        words = ("patch", "persistentvolumeclaim", name, "--type=merge", f"--patch={change}")
        try:
            ask(route, *words, what=f"{name} cannot be grown to {wanted[name]}")
        except RouteError as error:
            raise ClusterError(str(error)) from None


def _wait(
    route: Route, lacking: Callable[[dict[str, Claim]], str], limit: float, hint: Callable[[Route], str] = nothing
) -> dict[str, Claim]:
    """The claims, once nothing is lacking. Raises ClusterError."""

    def end() -> str:
        return f"{hint(route)}; the next up goes on with it"

    return wait(partial(look, route), lacking, limit, "volumes", hint=end)


def _pods_trouble(route: Route) -> str:
    """A volume that is not made waits for its pod, which may have a reason of its own."""
    try:
        why = look_at_pods(route).missing()
    except RouteError as error:
        why = str(error)
    return f" ({why})" if why else ""
