"""Which of the referee's findings a spec answers itself: everything it excepts carries a `why`, or can be looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from components.access.row_policies import SEE_ALL
from components.access.session import Connection
from components.access.spec.databases import Database

Finding = tuple[str, str]  # rule and object
# Rules that complain of a policy that admits every row, which is what `see_all` is for.
OF_SEE_ALL = frozenset({"SEC005", "SEC008", "SEC028", "SEC038"})
# Lint of ours -> the rules that complain of the same.
OF_LINTS: Mapping[str, frozenset[str]] = {
    "definer-view": frozenset({"VIEW001", "VIEW003", "VIEW004"}),
    "definer-function": frozenset({"SEC014"}),
}
# Rules on what somebody may see in a relation, which nobody does who has no right on it.
OF_RIGHTS = frozenset({"SEC001", "VIEW003"})
OWNERS_ALONE = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner)
  AND NOT EXISTS (SELECT FROM pg_attribute a, aclexplode(a.attacl) x
                  WHERE a.attrelid = c.oid AND x.grantee <> c.relowner)
"""
# A trigger's function that runs as whoever writes passes no row policy; and the table's owner is bound as well.
INVOKERS = """
SELECT n.nspname || '.' || c.relname || '.' || t.tgname
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT p.prosecdef AND c.relforcerowsecurity
"""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the server's catalogue itself answers."""

    owners_alone: frozenset[str]
    invokers: frozenset[str]

    @staticmethod
    def of(connection: Connection) -> Facts:
        found = ([name for (name,) in connection.execute(query).fetchall()] for query in (OWNERS_ALONE, INVOKERS))
        return Facts(owners_alone=frozenset(next(found)), invokers=frozenset(next(found)))


def answered(database: Database, facts: Facts, findings: Iterable[Finding]) -> dict[Finding, str]:
    """Finding -> why it is right: what `see_all`, `exempt` and `lint` say, what rights and policies there are."""
    return {
        one: why
        for one in findings
        if (why := _by_policies(database, *one) or _by_lint(database, *one) or _by_facts(facts, *one))
    }


def _by_policies(database: Database, rule: str, what: str) -> str:
    rls = database.rls
    if rls is None:
        return ""
    entries = {**rls.see_all, **(rls.tenant.see_all if rls.tenant else {})}
    if rule in OF_SEE_ALL and what.rpartition(".")[2].startswith(SEE_ALL):
        return ", ".join(sorted({entry.why for entry in entries.values()}))
    if rule == "SEC001" and rls.tenant:
        return rls.tenant.exempt.get(what, "")
    if rule == "SEC007" and sum(one.as_ == "permissive" for one in rls.tables.get(what, {}).values()) == 1:
        return "one permissive policy beside see_all, so that there is nothing to widen"
    return ""


def _by_lint(database: Database, rule: str, what: str) -> str:
    for lint, rules in OF_LINTS.items():
        for name, why in database.lint.allow.get(lint, {}).items():  # type: ignore[call-overload]
            if rule in rules and name.partition("(")[0] == what:
                return str(why)
    return next((why for name, why in database.lint.pgrls.get(rule, {}).items() if fnmatchcase(what, name)), "")


def _by_facts(facts: Facts, rule: str, what: str) -> str:
    if rule in OF_RIGHTS and what in facts.owners_alone:
        return "no role has a right on it but the owner"
    if rule == "SEC013" and what in facts.invokers:
        return "the trigger's function runs as whoever writes, and the table binds its owner too"
    return ""


def idle(database: Database, findings: Iterable[Finding]) -> list[Finding]:
    """Entries under lint.pgrls that answer nothing any more."""
    found = list(findings)
    entries = [(rule, name) for rule, names in database.lint.pgrls.items() for name in names]
    return [one for one in entries if not any(one[0] == rule and fnmatchcase(what, one[1]) for rule, what in found)]
