"""Which extensions the specs ask for: the libraries of some have to be preloaded before anybody can create them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from components.access.spec.models import Spec
from components.render.extensions import EXTENSIONS

SCHEDULER = "pg_cron"


def asked_extensions(specs: Iterable[Spec], has_library: Callable[[str], bool] = lambda _: True) -> frozenset[str]:
    """Every extension of every database, and pg_cron where there are jobs.

    `has_library` says whether the server's packages hold a library. A server that is told to preload one it does not
    have refuses to start, so what lacks its library is left out here, whether the spec calls it optional or not: the
    access layer then says so, as a problem or a note, before anything is touched.
    """
    databases = [database for spec in specs for database in spec.databases.values()]
    names = {name for database in databases for name in database.extensions}
    names |= {SCHEDULER for database in databases if database.jobs}
    return frozenset(name for name in names if name not in EXTENSIONS or has_library(EXTENSIONS[name].library))
