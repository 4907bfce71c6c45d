"""What must hold between settings: one function a rule, all of them run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from components.settings.model import Settings
from components.settings.ports import port_problems
from components.settings.timing import timing_problems


class Finding(NamedTuple):
    """A fault at a path, before anyone knows in which file it stands."""

    path: tuple[str, ...]
    message: str


def timing_rule(settings: Settings) -> Iterator[Finding]:
    """Patroni's own rule over ttl, loop_wait and retry_timeout."""
    for message in timing_problems(settings.patroni.times):
        yield Finding(("patroni", "ttl"), message)


def durability_needs_members(settings: Settings) -> Iterator[Finding]:
    """zero-loss keeps its promise, and goes on after one loss, with three members only."""
    if settings.durability == "zero-loss" and settings.replicas < 2:
        yield Finding(
            ("replicas",),
            f"found {settings.replicas}; durability zero-loss needs at least 2 replicas (3 members), because a commit"
            " waits for a replica and must not stop when one is lost; set replicas to 2 or more, or durability to"
            " balanced",
        )
    if settings.durability == "balanced" and settings.replicas < 1:
        yield Finding(
            ("replicas",),
            "found 0; durability balanced needs at least 1 replica; set replicas to 1 or more, or durability to"
            " asynchronous",
        )


def ports_are_free_of_collisions(settings: Settings) -> Iterator[Finding]:
    """No two parts of the embedded platform at one port."""
    if settings.platform == "embedded":
        for path, message in port_problems(settings.embedded):
            yield Finding(tuple(path.split(".")), message)


RULES = (timing_rule, durability_needs_members, ports_are_free_of_collisions)


def findings(settings: Settings) -> list[Finding]:
    """Every fault between settings that are each valid on their own."""
    return [finding for rule in RULES for finding in rule(settings)]
