"""Lints on roles and on the width of ACLs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from components.access import admissions
from components.access.lint_planned import Finding, Planned
from components.access.model import Acl

# pg_class has no TOAST: an ACL of about 2400 entries no longer fits into a row's page.
WIDEST_ACL = 1500


def _first(planned: Planned) -> bool:
    """Whether this is the spec's first database: what is wrong with roles is told once."""
    return next(iter(planned.spec.databases.values())) is planned.database


def _unlimited(planned: Planned) -> Iterator[Finding]:
    """A login with a password that may take every connection, for ever."""
    for name, role in planned.spec.every_role.items() if _first(planned) else ():
        has_password = role.password is not None or role.keep_password
        if role.login and has_password and role.connection_limit == -1 and role.valid_until is None:
            yield name, f"{name} logs in with a password, without connection_limit and without valid_until; give one"


def _login_owns(planned: Planned) -> Iterator[Finding]:
    """A login that owns what it works on: it can drop it, and grant it to anybody."""
    owned: dict[str, list[str]] = {}
    for item, owner in planned.owned():
        role = planned.spec.every_role.get(owner)
        if role is not None and role.login:
            owned.setdefault(owner, []).append(f"{item.kind} {item}")
    for owner, items in owned.items():
        more = f" and {len(items) - 1} more" if len(items) > 1 else ""
        yield owner, f"{owner} logs in and owns {items[0]}{more}; let a role own it that nobody logs in as"


def _login_becomes(planned: Planned) -> Iterator[Finding]:
    """A login that can become an owner, or a role that no row policy binds, without being there for that."""
    owners = {owner for _, owner in planned.owned()}
    unbound = planned.bypass()
    for name, role in planned.spec.every_role.items():
        if not role.login:
            continue
        # A migrator says so itself: it works as the owner from the first statement on.
        for other in sorted((planned.becomes(name) & (owners | unbound)) - {role.settings.get("role", "")}):
            what = "row policies do not bind" if other in unbound else "owns objects here"
            yield (
                name,
                f"{name} logs in and may SET ROLE to {other}, who {what}; take set, or say settings: {{role: {other}}}",
            )
        if name in unbound and (role.dangerous.bypassrls or role.dangerous.superuser) and _has_rows(planned):
            yield name, f"{name} logs in and row policies do not bind it; give it see_all where it needs that"


def _has_rows(planned: Planned) -> bool:
    return bool(planned.wanted.access.policies)


def _acl_width(planned: Planned) -> Iterator[Finding]:
    """An ACL that will not fit into its row one day."""
    wide: set[Acl] = set()
    for item, acl in planned.wanted.access.acls.items():
        if len(acl) > WIDEST_ACL and (acl in wide or len({one.grantee for one in acl}) > WIDEST_ACL):
            wide.add(acl)
            yield (
                str(item),
                f"{item.kind} {item} would be granted to more than {WIDEST_ACL} roles, and PostgreSQL fails at about "
                "2400; grant to a group and make them members",
            )


def _budget(planned: Planned) -> Iterator[Finding]:
    """More connections promised than the server has."""
    there = planned.facts.server.connections
    limits = [role.connection_limit for role in planned.spec.every_role.values() if role.login]
    promised = sum(limit for limit in limits if limit > 0)
    if there is not None and promised > there and _first(planned):
        yield (
            "server",
            f"the logins' connection_limit add up to {promised}, the server has {there} connections for them; "
            "lower the limits or raise max_connections",
        )


def _without_line(planned: Planned) -> Iterator[Finding]:
    """Where a spec says how some log in: a login that has no way in at all."""
    spec = planned.spec
    if not _first(planned) or not admissions.says(spec):
        return
    for name, role in spec.every_role.items():
        ways = admissions.ways(role)
        if role.login and not any(way.by == "iam" for way in ways) and not any(admissions.of_login(spec, name)):
            why = "may connect to no database" if ways else "has neither password nor auth"
            yield name, f"{name} logs in and {why}, so no line of pg_hba.conf lets it in"


LINTS: Mapping[str, Callable[[Planned], Iterator[Finding]]] = {
    "login-unlimited": _unlimited,
    "login-owns": _login_owns,
    "login-becomes-owner": _login_becomes,
    "acl-width": _acl_width,
    "login-without-line": _without_line,
}
ADVICE: Mapping[str, Callable[[Planned], Iterator[Finding]]] = {"connection-budget": _budget}
