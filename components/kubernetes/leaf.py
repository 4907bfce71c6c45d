"""One certificate, as the resource that makes it gets it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Leaf:
    """One certificate. `name` is its common name, by which PostgreSQL knows a client; `secret` where it lies."""

    secret: str
    name: str
    hosts: tuple[str, ...] = ()
