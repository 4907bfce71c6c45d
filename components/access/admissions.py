"""Who gets in: what the specs of a stack say of it -> the admissions that pg_hba.conf and PgBouncer's file are made of.

While no spec says `auth`, there are none: any login may try its password. As soon as one does, the door is shut for
everybody but the logins of the stack's specs, so that `auth` of one role is not undone by a line for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components.access.spec import ways_in
from components.access.spec.auth import Way
from components.access.spec.load import Loaded
from components.access.spec.models import Spec
from components.access.spec.roles import Role
from components.access.urls import may_connect, with_groups
from components.render.budget import PooledLogin
from components.render.hba import Admission, Method
from components.settings.problems import Problem

METHODS: dict[str, Method] = {"scram": "scram-sha-256", "cert": "cert"}


def admissions(specs: Iterable[Spec]) -> tuple[Admission, ...] | None:
    """All of them, sorted; None while no spec says `auth`. `iam` gives none: it is for servers with another door."""
    everything = list(specs)
    if not any(says(spec) for spec in everything):
        return None
    found = {one for spec in everything for name in spec.every_role for one in of_login(spec, name)}
    # Logins that a spec must not touch keep what they had.
    kept = {name for spec in everything for name in spec.scope.never}
    found |= {Admission(role=name, database=None, method="scram-sha-256") for name in kept}
    return tuple(sorted(found, key=lambda one: (one.database or "", one.role, one.network or "", one.method)))


def problems(specs: Iterable[Loaded]) -> Iterator[Problem]:
    """Names that a line of pg_hba.conf cannot hold, however they are quoted."""
    everything = list(specs)
    for loaded in everything if any(says(one.spec) for one in everything) else ():
        logins = [name for name, role in loaded.spec.every_role.items() if role.login]
        for kind, names in (("roles", logins), ("databases", loaded.spec.databases)):
            for name in names:
                if wrong := ways_in.unfit(name):
                    yield loaded.problem((kind, name), wrong)


def unenforceable(spec: Spec) -> Iterator[str]:
    """What a spec says that nobody keeps on a server whose pg_hba.conf is not ours."""
    for name, role in spec.every_role.items():
        for way in role.auth or ():
            if way.by == "cert":
                yield f"role {name}: auth cert needs a pg_hba.conf of ours, which this platform lacks; say scram or iam"
            elif way.from_ or way.databases:
                key = "from" if way.from_ else "databases"
                yield (
                    f"role {name}: auth {key} needs a pg_hba.conf of ours, which this platform lacks; leave it "
                    "out (databases: CONNECT holds; networks: the platform's security groups)"
                )


def says(spec: Spec) -> bool:
    """Whether any role says `auth`."""
    return any(role.auth is not None for role in spec.every_role.values())


def of_login(spec: Spec, name: str) -> Iterator[Admission]:
    """The lines of one role; none of a role that cannot log in."""
    role = spec.every_role[name]
    for way in ways(role) if role.login else ():
        if method := METHODS.get(way.by):
            for database in way.databases or databases(spec, name):
                for network in way.from_ or (None,):
                    yield Admission(role=name, database=database, method=method, network=network)


def ways(role: Role) -> tuple[Way, ...]:
    """What is said, else the password from anywhere, for a role that has one."""
    if role.auth is not None:
        return role.auth
    return (Way(by="scram"),) if role.password or role.keep_password else ()


def databases(spec: Spec, name: str) -> list[str]:
    """The spec's databases that a role may connect to: as `connect` says, or as their owner."""
    everywhere = not spec.harden or spec.every_role[name].dangerous.superuser is not None
    groups = with_groups(spec, name)
    return sorted(
        called
        for called, database in spec.databases.items()
        if everywhere or database.owner in groups or may_connect(spec, name, called)
    )


def pooled(specs: Iterable[Spec]) -> Iterator[PooledLogin]:
    """The logins that come through PgBouncer: those with a password."""
    for spec in specs:
        for name, role in spec.every_role.items():
            mine = [way for way in ways(role) if role.login and way.by == "scram"]
            reached = {database for way in mine for database in way.databases or databases(spec, name)}
            if reached:
                limit = role.connection_limit if role.connection_limit >= 0 else None
                yield PooledLogin(name=name, databases=len(reached), limit=limit)
