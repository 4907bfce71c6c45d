"""Reads who there is and what one database grants, for `why` and `matrix`."""

from __future__ import annotations

from dataclasses import dataclass

from components.access import inspect, snapshot
from components.access.effective import Edge, Ground, Person
from components.access.failures import AccessError
from components.access.model import Facts
from components.access.session import Target


@dataclass(frozen=True, kw_only=True)
class Effective:
    """One database and everybody. Objects of extensions and of the server itself are left out."""

    ground: Ground
    facts: Facts


def read(target: Target) -> Effective:
    """The database of the target's URL."""
    with target.open() as connection:
        asked = snapshot.ask(connection, "people", "adopt_schemas")
        people, schemas = asked["people"], asked["adopt_schemas"] or {}
        access, facts = inspect.database(connection, schemas=schemas, row_security=schemas)
    ground = Ground(
        people={name: Person(*rest) for name, *rest in people["roles"]},
        edges=tuple(Edge(*edge) for edge in people["edges"] or ()),
        access=access,
        major=facts.server.major,
    )
    if not schemas:
        raise AccessError(f"database {access.database} has no schema but the server's own")
    return Effective(ground=ground, facts=facts)
