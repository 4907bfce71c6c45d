"""The logins that come of the access specs, each with its URLs: what a platform may hand on to applications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pulumi

from components.access.spec.load import Loaded
from components.access.urls import by_password, may_connect

Records = list[dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Login:
    """A role with a password and a database that lets it in. `urls` is a secret: pooled, direct and read_only."""

    role: str
    database: str
    urls: pulumi.Output[Mapping[str, str]] = field(repr=False)


def logins(specs: Iterable[Loaded], records: pulumi.Output[Records]) -> tuple[Login, ...]:
    """Known before any password is: a preview shows one resource for each."""
    return tuple(
        Login(role=role, database=database, urls=_of(records, role, database))
        for loaded in specs
        for database in loaded.spec.databases
        for role in sorted(loaded.spec.every_role)
        if loaded.spec.every_role[role].password
        and role not in loaded.spec.previous_logins
        and may_connect(loaded.spec, role, database)
        and by_password(loaded.spec, role, database)
    )


def _of(records: pulumi.Output[Records], role: str, database: str) -> pulumi.Output[Mapping[str, str]]:
    def chosen(found: Records) -> Mapping[str, str]:
        return next(one for one in found if (one["role"], one["database"]) == (role, database))

    return pulumi.Output.secret(records.apply(chosen))
