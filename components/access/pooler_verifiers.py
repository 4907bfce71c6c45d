"""Verifiers for a PgBouncer that may not read the server's own (see render/pgbouncer_verifiers.py)."""

from __future__ import annotations

from collections.abc import Mapping

from components.access.passwords import Verifier
from components.access.session import Connection

_THERE = """
SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'pgbouncer' AND relname = 'verifier'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'INSERT, UPDATE')
"""
_KEEP = """
INSERT INTO pgbouncer.verifier (login, verifier) VALUES (%s, %s)
ON CONFLICT (login) DO UPDATE SET verifier = excluded.verifier WHERE verifier.verifier <> excluded.verifier
"""


def keep(connection: Connection, verifiers: Mapping[str, Verifier]) -> None:
    """Writes them where the pooler looks, in the caller's transaction; nothing where no such table is."""
    if verifiers and connection.execute(_THERE).rowcount:
        with connection.cursor() as cursor:
            cursor.executemany(_KEEP, [(name, verifiers[name].reveal()) for name in sorted(verifiers)])
