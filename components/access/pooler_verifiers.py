"""Verifiers for a PgBouncer that may not read the server's own (see render/pgbouncer_verifiers.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.access import quoting as q
from components.access.model import Phase, Statement
from components.access.passwords import Verifier
from components.access.roles import digest
from components.access.session import Connection

_KEPT = (
    "SELECT login, encode(sha256(convert_to(verifier, 'UTF8')), 'hex') FROM pgbouncer.verifier WHERE login = ANY(%s)"
)


def changes(connection: Connection, verifiers: Mapping[str, Verifier]) -> Iterator[Statement]:
    """Writes where the pooler looks what it does not find there, in the transaction that sends it to the server."""
    kept = dict(connection.execute(_KEPT, [sorted(verifiers)]).fetchall())
    for name in sorted(verifiers):
        if kept.get(name) != digest(verifiers[name]):
            why = "is another one" if name in kept else "is missing"
            yield _kept(name, verifiers[name], f"{name} cannot log in through the pooler: its verifier {why} there")


def _kept(name: str, verifier: Verifier, why: str) -> Statement:
    text = q.text(
        "INSERT INTO pgbouncer.verifier (login, verifier) VALUES ({}, {}) "
        "ON CONFLICT (login) DO UPDATE SET verifier = excluded.verifier",
        q.value(name),
        q.value(verifier.reveal()),
    )
    return Statement(sql=text, why=why, phase=Phase.STRUCTURE)
