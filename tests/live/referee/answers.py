"""Which of the referee's findings a spec answers itself: everything it excepts carries a `why`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from components.access.row_policies import SEE_ALL
from components.access.spec.databases import Database

Finding = tuple[str, str]  # rule and object
# Rules that complain of a policy that admits every row, which is what `see_all` is for.
OF_SEE_ALL = frozenset({"SEC005", "SEC008", "SEC028", "SEC038"})
# Lint of ours -> the rules that complain of the same.
OF_LINTS: Mapping[str, frozenset[str]] = {
    "definer-view": frozenset({"VIEW001", "VIEW003", "VIEW004"}),
    "definer-function": frozenset({"SEC014"}),
}


def answered_by_spec(database: Database, findings: Iterable[Finding]) -> set[Finding]:
    """Findings on see_all policies, on tables exempt from the tenant rule, and on what `lint.allow` names."""
    rls = database.rls
    sees_all = rls is not None and bool(rls.see_all or (rls.tenant and rls.tenant.see_all))
    exempt = set(rls.tenant.exempt) if rls and rls.tenant else set()
    allowed = {
        (rule, name.partition("(")[0])
        for lint, rules in OF_LINTS.items()
        for name in database.lint.allow.get(lint, {})  # type: ignore[call-overload]
        for rule in rules
    }
    return {
        (rule, what)
        for rule, what in findings
        if (rule in OF_SEE_ALL and sees_all and what.rpartition(".")[2].startswith(SEE_ALL))
        or (rule == "SEC001" and what in exempt)
        or (rule, what) in allowed
    }


def answered_by_file(file: Mapping[str, Mapping[str, str]], findings: Iterable[Finding]) -> dict[Finding, Finding]:
    """Finding -> the file's entry that answers it."""
    return {
        (rule, what): (rule, pattern)
        for rule, what in findings
        for pattern in file.get(rule, {})
        if fnmatchcase(what, pattern)
    }
