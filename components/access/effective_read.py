"""Reads who there is and what one database grants, for `why` and `matrix`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.access import inspect
from components.access.effective import Edge, Ground, Person
from components.access.failures import AccessError
from components.access.model import Facts
from components.access.session import Connection, Target

_QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True, kw_only=True)
class Effective:
    """One database and everybody. Objects of extensions and of the server itself are left out."""

    ground: Ground
    facts: Facts


def read(target: Target) -> Effective:
    """The database of the target's URL."""
    with target.open() as connection:
        known = inspect.server(connection)
        people = _read(connection, "people")
        schemas = _read(connection, "adopt_schemas")
        access, facts = inspect.database(connection, known, schemas=schemas, row_security=schemas)
    ground = Ground(
        people={name: Person(*rest) for name, *rest in people["roles"]},
        edges=tuple(Edge(*edge) for edge in people["edges"] or ()),
        access=access,
        major=known.major,
    )
    if not schemas:
        raise AccessError(f"database {access.database} has no schema but the server's own")
    return Effective(ground=ground, facts=facts)


def _read(connection: Connection, query: str) -> dict[str, Any]:
    row = connection.execute((_QUERIES / f"{query}.sql").read_bytes()).fetchone()
    assert row is not None
    found: dict[str, Any] = json.loads(row[0] or "{}")
    return found
