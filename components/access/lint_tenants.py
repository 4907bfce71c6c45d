"""Lints on what the server itself checks past row policies: unique indexes and foreign keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from components.access.lint_planned import Finding, Planned


def _unique(planned: Planned) -> Iterator[Finding]:
    """An insert that fails tells of a row that the tenant may not see."""
    tenant = planned.database.rls.tenant if planned.database.rls else None
    for table in planned.wanted.row_security.tenant_tables if tenant else ():
        for called, columns in planned.facts.relations[table].uniques:
            if tenant and tenant.column not in columns:
                yield (
                    str(table),
                    f"unique index {called} of {table} lacks {tenant.column}: an insert tells whether another tenant "
                    f"has the value; put {tenant.column} first",
                )


def _reference(planned: Planned) -> Iterator[Finding]:
    """A row that points to a row of another tenant."""
    tenant = planned.database.rls.tenant if planned.database.rls else None
    tables = planned.wanted.row_security.tenant_tables if tenant else set()
    for table in tables:
        for called, columns, there in planned.facts.relations[table].references:
            if tenant and there in tables and tenant.column not in columns:
                yield (
                    str(table),
                    f"foreign key {called} of {table} may point to another tenant's row of {there}: it lacks "
                    f"{tenant.column}, and row policies are not asked",
                )


LINTS: Mapping[str, Callable[[Planned], Iterator[Finding]]] = {
    "tenant-unique": _unique,
    "tenant-reference": _reference,
}
