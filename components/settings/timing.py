"""Patroni's timing rule, checked before a cluster sees it: `loop_wait + 2 * retry_timeout <= ttl`.

Patroni rewrites values that break the rule and only logs a warning; here they are refused, with the nearest values
that hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MIN_TTL, MIN_LOOP_WAIT, MIN_RETRY_TIMEOUT = 20, 1, 3


@dataclass(frozen=True)
class Timing:
    """Seconds: how long a lease lives, how often a member looks, how long it tries before it gives the lease up."""

    ttl: int
    loop_wait: int
    retry_timeout: int

    @property
    def shortest_ttl(self) -> int:
        """The smallest ttl that holds this loop_wait and this retry_timeout."""
        return max(MIN_TTL, self.loop_wait + 2 * self.retry_timeout)

    @property
    def holds(self) -> bool:
        return self == raised(self) and self.shortest_ttl <= self.ttl

    def __str__(self) -> str:
        return f"ttl {self.ttl}, loop_wait {self.loop_wait}, retry_timeout {self.retry_timeout}"


def raised(timing: Timing) -> Timing:
    """Each value at its own minimum or above, as Patroni raises them first."""
    return Timing(
        max(timing.ttl, MIN_TTL), max(timing.loop_wait, MIN_LOOP_WAIT), max(timing.retry_timeout, MIN_RETRY_TIMEOUT)
    )


def rewritten(timing: Timing) -> Timing:
    """What Patroni would make of these values: it lowers loop_wait, and retry_timeout only when that does not do."""
    at_least = raised(timing)
    room = at_least.ttl - 2 * at_least.retry_timeout
    if room < MIN_LOOP_WAIT:
        return Timing(at_least.ttl, MIN_LOOP_WAIT, (at_least.ttl - MIN_LOOP_WAIT) // 2)
    return Timing(at_least.ttl, min(at_least.loop_wait, room), at_least.retry_timeout)


def lowered(timing: Timing) -> Timing:
    """The nearest valid values with this ttl: loop_wait is kept where it can be, retry_timeout gives way."""
    at_least = raised(timing)
    loop_wait = min(at_least.loop_wait, at_least.ttl - 2 * MIN_RETRY_TIMEOUT)
    return Timing(at_least.ttl, loop_wait, min(at_least.retry_timeout, (at_least.ttl - loop_wait) // 2))


def timing_problems(timing: Timing) -> Iterator[str]:
    """Sentences for what is wrong with the three together; nothing when the rule holds."""
    needed = timing.loop_wait + 2 * timing.retry_timeout
    if needed <= timing.ttl:
        return
    yield (
        f"{timing} break the rule loop_wait + 2 * retry_timeout <= ttl"
        f" ({timing.loop_wait} + 2 * {timing.retry_timeout} = {needed} > {timing.ttl});"
        f" raise ttl to {raised(timing).shortest_ttl} (a lost machine then costs longer),"
        f" or take {lowered(timing)}; Patroni itself would silently run with {rewritten(timing)}"
    )
