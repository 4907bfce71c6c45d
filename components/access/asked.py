"""Which extensions the specs ask for: the libraries of some have to be preloaded before anybody can create them."""

from __future__ import annotations

from collections.abc import Iterable

from components.access.spec.models import Spec

SCHEDULER = "pg_cron"


def asked_extensions(specs: Iterable[Spec]) -> frozenset[str]:
    """Every extension of every database, optional or not, and pg_cron where there are jobs."""
    databases = [database for spec in specs for database in spec.databases.values()]
    names = frozenset(name for database in databases for name in database.extensions)
    return names | {SCHEDULER for database in databases if database.jobs}
