"""Turns measured outages into a table and a verdict. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Outages:
    """Seconds without an acknowledged write, by fault and route, one entry per event; and the errors clients saw."""

    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    errors: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, fault: str, route: str, seconds: float, errors: int = 0) -> None:
        self.seconds.setdefault(fault, {}).setdefault(route, []).append(seconds)
        self.errors[fault, route] = self.errors.get((fault, route), 0) + errors

    def of(self, fault: str, route: str) -> Sequence[float]:
        return self.seconds.get(fault, {}).get(route, [])


@dataclass(frozen=True)
class Audit:
    """How many rows were acknowledged, and which of them are gone: (route, id)."""

    acknowledged: int
    lost: Sequence[tuple[str, int]]


def table(outages: Outages, routes: Sequence[str], limits: Mapping[str, float]) -> str:
    """One line per fault and route."""
    lines = [f"{'fault':<15}{'route':<9}{'events':>7}{'min':>8}{'median':>8}{'max':>8}{'limit':>8}{'errors':>8}"]
    for fault, by_route in outages.seconds.items():
        for route in routes:
            values = by_route.get(route, [])
            if not values:
                continue
            limit = f"{limits[fault]:.1f}" if route == "pooled" and fault in limits else "-"
            figures = f"{min(values):>8.2f}{median(values):>8.2f}{max(values):>8.2f}"
            lines.append(f"{fault:<15}{route:<9}{len(values):>7}{figures}{limit:>8}{outages.errors[fault, route]:>8}")
    return "\n".join(lines)


def problems(outages: Outages, audit: Audit, limits: Mapping[str, float], count: int) -> list[str]:
    """Everything that makes the run a failure, in words; [] is success."""
    found: list[str] = []
    if audit.lost:
        shown = ", ".join(f"{route} {number}" for route, number in list(audit.lost)[:10])
        found.append(f"{len(audit.lost)} acknowledged rows are lost: {shown}")
    if audit.acknowledged == 0:
        found.append("no row was acknowledged at all: nothing was shown")
    for fault in outages.seconds:
        values = outages.of(fault, "pooled")
        if len(values) < count:
            found.append(f"{fault}: {len(values)} of {count} events were measured")
        if values and fault in limits and median(values) > limits[fault]:
            found.append(f"{fault}: the median of {median(values):.2f} s is over its limit of {limits[fault]:g} s")
    return found
