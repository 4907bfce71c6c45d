"""The roles, memberships and settings that a spec wants of a server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from components.access import powers, server_rights
from components.access.model import UNREADABLE, Access, Cluster, Membership, Role, Server, SettingsOf
from components.access.passwords import Verifier
from components.access.scope import Scope
from components.access.spec import roles as language
from components.access.spec.models import Spec

IAM = "rds_iam"  # RDS lets its members in by a token of AWS, and no longer by password


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What there should be of roles. `revocable` are the undeclared memberships that may be taken away."""

    cluster: Cluster
    verifiers: Mapping[str, Verifier] = field(default_factory=dict, repr=False)
    owners: Mapping[str, str] = field(default_factory=dict)  # of databases
    revocable: frozenset[tuple[str, str]] = frozenset()
    joins: tuple[str, ...] = ()  # roles that the login in use must become a member of
    retired: Mapping[str, str] = field(default_factory=dict)  # role -> who gets what it owns
    harden: bool = False
    notes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def wanted(
    spec: Spec,
    actual: Cluster,
    server: Server,
    verifiers: Mapping[str, Verifier],
    known_groups: frozenset[str],
    sent: Mapping[str, str] | None = None,
) -> Wanted:
    """What `spec` wants. `verifiers` has one for each role with a password, `known_groups` the pg_* roles there are.

    `sent` are the digests that were sent before, by role, for servers that do not let us read them; None: not known.
    """
    scope = Scope(spec, server.me)
    edges = list(_memberships(spec))
    revocable, told = _undeclared(scope, edges, actual, server)
    outside = server_rights.on_server(spec, scope, actual.outside)
    return Wanted(
        cluster=Cluster(
            roles={
                name: _role(name, role, verifiers.get(name), actual, sent) for name, role in spec.every_role.items()
            },
            memberships=frozenset(edges),
            settings=_settings(spec, scope),
            outside=Access(database="", acls=outside.acls),
            databases=frozenset(spec.databases),
        ),
        verifiers=verifiers,
        owners={name: database.owner for name, database in spec.databases.items()},
        revocable=revocable,
        harden=spec.harden,
        joins=tuple(powers.to_join(spec, server, actual.retiring)),
        retired=spec.retired,
        notes=(
            *(f"{member} is a member of {role}, which is not declared; left alone" for role, member in told),
            *outside.notes,
            *_unreadable(actual, verifiers, server, sent),
        ),
        pending=tuple(outside.pending),
        problems=(*_problems(spec, server, known_groups), *_not_ours(spec, scope)),
    )


def digest(verifier: Verifier) -> str:
    """What a stored verifier is compared by."""
    return hashlib.sha256(verifier.reveal().encode()).hexdigest()


def predefined(spec: Spec) -> set[str]:
    """The server's own roles that the spec makes somebody a member of."""
    found = {group for role in spec.every_role.values() for group in role.member_of if group.startswith("pg_")}
    return found | ({IAM} if any(_by_iam(role) for role in spec.every_role.values()) else set())


def _by_iam(role: language.Role) -> bool:
    return any(way.by == "iam" for way in role.auth or ())


def _role(
    name: str, role: language.Role, verifier: Verifier | None, actual: Cluster, sent: Mapping[str, str] | None
) -> Role:
    return Role(
        name=name,
        login=role.login,
        superuser=role.dangerous.superuser is not None,
        inherit=role.inherit,
        createdb=role.createdb,
        createrole=role.createrole,
        replication=role.dangerous.replication is not None,
        bypassrls=role.dangerous.bypassrls is not None,
        connection_limit=role.connection_limit,
        valid_until=valid_until(role.valid_until),
        comment=role.comment,
        password=_password(role, verifier, actual.roles.get(name), sent),
    )


def _password(
    role: language.Role, verifier: Verifier | None, present: Role | None, sent: Mapping[str, str] | None
) -> str | None:
    """What the role's password is to be compared with."""
    if present is not None and present.password == UNREADABLE:
        changed = verifier is not None and sent is not None and sent.get(present.name) != digest(verifier)
        return digest(verifier) if verifier is not None and changed else UNREADABLE
    kept = present.password if present and role.keep_password else None
    return digest(verifier) if verifier else kept


def valid_until(text: str | None) -> str | None:
    """A moment in UTC as the catalog's read prints it; None is never."""
    if text is None or text == "infinity":
        return None
    moment = datetime.fromisoformat(text)
    printed = (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat()
    return printed.rstrip("0") if "." in printed else printed


def _undeclared(
    scope: Scope, edges: list[Membership], actual: Cluster, server: Server
) -> tuple[frozenset[tuple[str, str]], list[tuple[str, str]]]:
    """The undeclared memberships that may be taken away, and those that are only told."""
    extra = {(edge.role, edge.member) for edge in actual.memberships} - {(edge.role, edge.member) for edge in edges}
    # Only what a declared role is a member of: whom else a declared role was granted to is reported.
    ours = {(role, member) for role, member in extra if member in scope.declared}
    # The administrator holds what it must, and more is its own affair.
    others = {pair for pair in extra - ours if pair[1] != server.me}
    revocable = frozenset(ours) if scope.mode == "strict" else frozenset()
    return revocable, sorted(others | (ours if scope.mode == "report" else set()))


def _unreadable(
    actual: Cluster, verifiers: Mapping[str, Verifier], server: Server, sent: Mapping[str, str] | None
) -> Iterator[str]:
    there = [name for name in sorted(verifiers) if name in actual.roles and actual.roles[name].password == UNREADABLE]
    if there and sent is None:
        yield (
            f"{server.me} may not read passwords, and nothing is known of what was sent before: "
            f"those of {', '.join(there)} are left as they are"
        )


def _memberships(spec: Spec) -> Iterator[Membership]:
    for name, role in spec.every_role.items():
        for group, membership in role.member_of.items():
            inherit = role.inherit if membership.inherit is None else membership.inherit
            yield Membership(group, name, inherit=inherit, set=membership.set, admin=membership.admin)
        if _by_iam(role):
            yield Membership(IAM, name, inherit=role.inherit)


def _settings(spec: Spec, scope: Scope) -> dict[SettingsOf, dict[str, str]]:
    found = {SettingsOf(name): dict(role.settings) for name, role in spec.every_role.items()}
    for database_name, database in spec.databases.items():
        in_database = {name: dict[str, str]() for name in spec.every_role}
        in_database |= {name: dict(given) for name, given in scope.expanded(database.settings).items()}
        found |= {SettingsOf(name, database_name): given for name, given in in_database.items()}
    return found


def _problems(spec: Spec, server: Server, known_groups: frozenset[str]) -> Iterator[str]:
    yield from server_rights.problems(spec, server)
    absent = predefined(spec) - known_groups
    if IAM in absent:
        who = ", ".join(name for name, role in spec.every_role.items() if _by_iam(role))
        yield f"{who}: auth is iam, and this server has no role {IAM}; say scram or cert"
    for group in sorted(absent - {IAM}):
        yield f"role {group} is not on this server (PostgreSQL {server.major}); take it out of member_of"
    if server.major >= 16:
        return
    for name, role in spec.every_role.items():
        for group, membership in role.member_of.items():
            if membership.inherit not in (None, role.inherit):
                yield (
                    f"role {name}, member_of {group}: PostgreSQL {server.major} cannot say inherit of one membership; "
                    f"write inherit: {str(membership.inherit).lower()} on the role itself"
                )
            if not membership.set:
                yield f"role {name}, member_of {group}: PostgreSQL {server.major} cannot say set: false; leave it out"


def _not_ours(spec: Spec, scope: Scope) -> Iterator[str]:
    for name in spec.every_role:
        if not scope.covers(name):
            yield f"role {name} is the login in use or one that is never touched; it cannot be declared"
