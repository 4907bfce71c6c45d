"""A spec and what there is -> what there should be, in the same types."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from components.access import extensions, lines, powers, row_policies, wanted_rights
from components.access.model import Access, Facts, Object, Policy, Server, Table
from components.access.row_policies import RowSecurity, Twin
from components.access.scope import Scope
from components.access.spec.databases import Database
from components.access.spec.fields import Mode
from components.access.spec.models import Spec

Expressions = tuple[str | None, str | None]
MOST_NAMED = 3  # of things with the same trouble


@dataclass(frozen=True, kw_only=True)
class Desired:
    """What there should be in one database, and what a person should know of it.

    `pending` waits for objects that are not there yet. `twins` are the row policies whose expressions the server has
    still to print; `with_expressions` puts its answers in.
    """

    access: Access
    scope: Scope
    modes: Mapping[str, Mode]
    notes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    curable: tuple[str, ...] = ()
    row_security: RowSecurity = field(default_factory=RowSecurity)
    held: frozenset[str] = frozenset()  # roles that the login in use is, or will be, a member of

    def mode(self, schema: str) -> Mode:
        """How strict the spec is in a schema."""
        return self.modes.get(schema, self.scope.mode)


def schemas(database: Database) -> set[str]:
    """The schemas whose state a plan needs: those of the spec, and public, which `harden` closes."""
    return {*database.schemas, "public"}


def row_security_schemas(database: Database) -> set[str]:
    """The schemas whose tables' columns a plan needs."""
    if database.rls is None:
        return set()
    # With a tenant column, a table of any schema may turn out to have it.
    return set(database.schemas) if database.rls.tenant else {name.split(".")[0] for name in database.rls.tables}


def columned_schemas(database: Database) -> set[str]:
    """The schemas in which rights on single columns are declared."""
    return {
        name
        for name, schema in database.schemas.items()
        for by_role in schema.tables.values()
        for line in by_role.values()
        if any(columns for columns in line.values())
    }


def desired(spec: Spec, name: str, actual: Access, facts: Facts) -> Desired:
    """What `spec` wants of database `name`, given what there is."""
    database = spec.databases[name]
    scope = Scope(spec, facts.server.me)
    by_schema = {
        key: lines.lines(spec, scope, key, schema, facts.server.major) for key, schema in database.schemas.items()
    }
    rights = wanted_rights.Spreader(database, scope, by_schema, actual, facts).spread()
    wished = extensions.wanted(database.extensions, actual, facts.server)
    rows = row_policies.wanted(database.rls, scope, facts) if database.rls else RowSecurity()
    owners = {Object("database", "", name): database.owner}
    owners |= {Object("schema", "", key): schema.owner or database.owner for key, schema in database.schemas.items()}
    return Desired(
        access=Access(
            database=name,
            acls=rights.acls,
            owners=owners,
            extensions=wished.wanted,
            defaults=rights.defaults,
            security=rows.security,
            policies=rows.policies,
        ),
        scope=scope,
        modes={key: schema.mode or scope.mode for key, schema in database.schemas.items()},
        notes=(*rights.notes, *wished.notes, *_strangers(database, actual)),
        pending=(*rights.pending, *rows.pending),
        problems=(*wished.problems, *_too_new(spec, facts.server)),
        curable=(*rights.missing, *rows.problems),
        row_security=rows,
        held=powers.owning(spec) | ({"pg_database_owner"} if database.owner in spec.every_role else set()),
    )


def twins(wanted: Desired) -> list[Twin]:
    """One of each kind of expression that the server has to print."""
    return list({twin.key: twin for twin in wanted.row_security.twins.values()}.values())


def with_expressions(wanted: Desired, printed: Mapping[tuple[object, ...], Expressions | str]) -> Desired:
    """The policies with the server's own text; a text in place of a pair is the server's complaint."""
    policies: dict[Table, dict[str, Policy]] = {}
    shared: dict[tuple[Policy, Expressions], Policy] = {}
    complaints: dict[str, list[str]] = defaultdict(list)
    for table, by_name in wanted.access.policies.items():
        policies[table] = {}
        for name, policy in by_name.items():
            answer = printed.get(wanted.row_security.twins[table, name].key)
            if isinstance(answer, str):
                complaints[answer].append(f"{name} of {table}")
            elif answer is not None:
                if (policy, answer) not in shared:
                    shared[policy, answer] = dataclasses.replace(policy, using=answer[0], check=answer[1])
                policy = shared[policy, answer]
            policies[table][name] = policy
    access = dataclasses.replace(wanted.access, policies=policies)
    problems = [f"row policy {_few(where)}: {answer}" for answer, where in complaints.items()]
    return dataclasses.replace(wanted, access=access, curable=(*wanted.curable, *problems))


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _strangers(database: Database, actual: Access) -> Iterable[str]:
    """Objects in listed schemas whose owner is nobody that the spec lets create there."""
    found: dict[tuple[str, str], list[str]] = {}
    for item, owner in actual.owners.items():
        schema = database.schemas.get(item.schema)
        if schema is None or item.kind == "column":
            continue
        allowed = {schema.owner or database.owner, *(schema.creators or ())}
        if owner not in allowed:
            found.setdefault((item.schema, owner), []).append(str(item))
    for (name, owner), items in sorted(found.items()):
        told = _few(sorted(items))
        yield f"{len(items)} objects in schema {name} belong to {owner}, who is no declared creator: {told}"


def _too_new(spec: Spec, server: Server) -> Iterable[str]:
    if server.major < 17 and any("maintain" in words for words in _table_words(spec)):
        yield f"privilege maintain is PostgreSQL 17's, this server is {server.major}; leave it out"


def _table_words(spec: Spec) -> Iterable[Iterable[str]]:
    yield from (profile.tables for profile in spec.profiles.values())
    for database in spec.databases.values():
        for schema in database.schemas.values():
            yield from (line.tables for line in schema.access.values())
            yield from (words for by_role in schema.tables.values() for words in by_role.values())
