"""The logins of the seeds' databases, as `make urls` prints them, and how tests speak through them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg

ROOT = Path(__file__).parents[3]
SYSTEMS = ("faevision", "devmentor", "pretamane", "aves", "nexpo")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Login:
    """One login role's URLs for one database."""

    database: str
    role: str
    # Hold passwords, which a failed assertion must not print.
    pooled: str = field(repr=False)
    direct: str = field(repr=False)
    read_only: str | None = field(default=None, repr=False)

    def ask(self, query: LiteralString, *values: Any, direct: bool = False, **context: str) -> Rows:
        """One transaction of its own session: the context set as applications set it, then the query; committed."""
        with self.session(direct=direct) as session:
            return ask(session, query, *values, **context)

    @contextmanager
    def session(self, *, direct: bool = False) -> Iterator[psycopg.Connection]:
        """An open session; `prepare_threshold=None` is what a client behind transaction pooling sets."""
        with psycopg.connect(
            self.direct if direct else self.pooled, prepare_threshold=None, connect_timeout=10
        ) as session:
            yield session


def ask(session: psycopg.Connection, query: LiteralString, *values: Any, **context: str) -> Rows:
    """One transaction: the context, set for this transaction only, then the query."""
    with session.transaction():
        for name, value in context.items():
            session.execute("SELECT set_config('app.' || %s, %s, true)", [name, value])
        cursor = session.execute(query, values)
        return cursor.fetchall() if cursor.description else []


def from_urls(entries: list[dict[str, str]]) -> dict[str, Login]:
    """What `make urls` prints, by role."""
    names = ("database", "role", "pooled", "direct", "read_only")
    return {entry["role"]: Login(**{name: entry[name] for name in names if name in entry}) for entry in entries}


def from_file(file: str) -> dict[str, Login]:
    """The same from a file."""
    return from_urls(json.loads(Path(file).read_text()))


def load_fixture(logins: Mapping[str, Login], system: str, fixture: str) -> None:
    """Puts a system's fixture in, as the migrator, who acts as the owner."""
    script = (ROOT / "sql" / system / "fixtures" / fixture).read_bytes()
    with logins[f"{system}_migrator"].session(direct=True) as session:
        session.execute(script)


def stand_in(system: str) -> bytes | None:
    """The migration by which a system's ORM makes its tables, where it is not the spec's scripts that make them."""
    file = Path(__file__).parent / "stand_ins" / f"{system}_orm_migration.sql"
    return file.read_bytes() if file.exists() else None
