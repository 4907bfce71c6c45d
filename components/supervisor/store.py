"""Where the leader's lease is kept, as a member's supervisor needs it: asked for a standing, given a lease back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol


class StoreError(Exception):
    """The store did not answer, or refused; the message names who was asked, and what was said."""


@dataclass(frozen=True)
class Standing:
    """A member's standing in its cluster.

    What it holds and only it writes: `leases` of etcd, or in Kubernetes the `version` of the leader's object, "" while
    another one leads.
    """

    leads: bool
    paused: bool
    leases: frozenset[int] = frozenset()
    version: str = ""

    @property
    def holds(self) -> bool:
        """Whether there is something to give back."""
        return bool(self.leases or self.version)


class Store(Protocol):
    """etcd, or the Kubernetes API; `name` is how the log calls it. The first two raise StoreError; `faults` are told at
    a start, in words.
    """

    name: str

    def standing(self, *, limit: float) -> Standing: ...
    def give_back(self, known: Standing, *, limit: float) -> None: ...
    def faults(self, *, limit: float) -> list[str]: ...


def says_pause(configuration: str) -> bool:
    """Whether Patroni's dynamic configuration, as its store has it, pauses the cluster."""
    try:
        plain = json.loads(configuration or "{}")
    except ValueError:
        return False
    return isinstance(plain, dict) and plain.get("pause") is True
