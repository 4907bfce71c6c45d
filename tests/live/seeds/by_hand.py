"""An access spec put into force the plain way, statement by statement, on an empty server.

The referee: what the schemas and row policies promise must hold with this as with the access layer, so that a test that
fails tells which of the two is wrong. Knows of the language only what the seeds use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from components.access import passwords, run_scripts, scripts
from components.access.spec import Spec, load
from components.access.spec.databases import AccessLine, Database, Profile, Schema
from components.access.spec.names import PLACEHOLDER, matched
from components.access.spec.row_policies import Policy, RowSecurity
from tests.live.seeds.logins import stand_in
from tests.live.seeds.scratch import Scratch

KEY = b"the key of a stack that is only a test"
SQL, Name, Text = sql.SQL, sql.Identifier, sql.Literal


def apply(file: Path, secrets: dict[str, str], server: Scratch) -> None:
    """`secrets` maps the names that the spec uses to passwords."""
    spec = load(file).spec
    with psycopg.connect(server.admin(), autocommit=True) as connection:
        for statement in _roles(spec, secrets):
            connection.execute(statement)
        for name, database in spec.databases.items():
            connection.execute(SQL("CREATE DATABASE {} OWNER {}").format(Name(name), Name(database.owner)))
            connection.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Name(name)))
            # The pooler asks for a client's verifier in the very database that the client wants.
            for role in [*_each(spec, database.connect), "pgbouncer"]:
                connection.execute(SQL("GRANT CONNECT ON DATABASE {} TO {}").format(Name(name), Name(role)))
    for name, database in spec.databases.items():
        with psycopg.connect(server.admin(name)) as connection:
            _fill(connection, spec, database, file.parent)


def _roles(spec: Spec, secrets: dict[str, str]) -> Iterator[sql.Composed]:
    for name in spec.every_role:
        yield SQL("CREATE ROLE {}").format(Name(name))
    for name, role in spec.every_role.items():
        for group in role.member_of:
            yield SQL("GRANT {} TO {}").format(Name(group), Name(name))
        for setting, value in role.settings.items():
            yield SQL("ALTER ROLE {} SET {} = {}").format(Name(name), SQL(setting), Text(value))
        if role.login and role.password:
            made = passwords.verifier(secrets[role.password.secret], key=KEY, role=name).reveal()
            limit = SQL("CONNECTION LIMIT {}").format(Text(role.connection_limit))
            yield SQL("ALTER ROLE {} LOGIN PASSWORD {} {}").format(Name(name), Text(made), limit)


def _fill(connection: psycopg.Connection, spec: Spec, database: Database, folder: Path) -> None:
    owner = Name(database.owner)
    for name in database.schemas:
        connection.execute(SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(Name(name), owner))
    for name, extension in database.extensions.items():
        if not extension.optional:
            where = Name(extension.schema_ or "public")
            connection.execute(SQL("CREATE EXTENSION {} SCHEMA {}").format(Name(name), where))
    connection.execute(
        SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC").format(owner)
    )
    found = scripts.read(folder / place for place in database.sql)
    run_scripts.run(connection, scripts.pending(found, run_scripts.applied(connection)).run, database.owner)
    if migration := stand_in(folder.name):
        connection.execute(SQL("SET LOCAL ROLE {}").format(owner))
        connection.execute(migration)
        connection.execute("SET LOCAL ROLE NONE")
    for name, schema in database.schemas.items():
        for statement in _grants(connection, spec, name, schema):
            connection.execute(statement)
    if database.rls:
        for statement in _row_security(connection, spec, database.rls):
            connection.execute(statement)


def _grants(connection: psycopg.Connection, spec: Spec, name: str, schema: Schema) -> Iterator[sql.Composed]:
    rights = dict(schema.access)
    for role, service in spec.services.items():
        if service.schema_ == name:
            rights[role] = rights.get(role) or AccessLine(profile=service.profile)
    for role, line in rights.items():
        chain = [line, *_profiles(spec, line.profile)]
        for what, kind in (
            ("schema_", "SCHEMA"),
            ("tables", "ALL TABLES IN SCHEMA"),
            ("sequences", "ALL SEQUENCES IN SCHEMA"),
        ):
            privileges = sorted({word for part in chain for word in getattr(part, what)})
            if privileges:
                yield SQL("GRANT {} ON {} {} TO {}").format(_words(privileges), SQL(kind), Name(name), Name(role))
    for table, lines in schema.tables.items():
        for role, columns_by in lines.items():
            yield SQL("REVOKE ALL ON {} FROM {}").format(Name(name, table), Name(role))
            for privilege, columns in columns_by.items():
                listed = SQL("({})").format(SQL(", ").join(map(Name, columns))) if columns else SQL("")
                parts = _words([privilege]), listed, Name(name, table), Name(role)
                yield SQL("GRANT {} {} ON {} TO {}").format(*parts)
    for sequence, of_roles in schema.sequences.items():
        for role, privileges in of_roles.items():
            target = Name(name, sequence)
            yield SQL("GRANT {} ON SEQUENCE {} TO {}").format(_words(privileges), target, Name(role))
    for function, grantees in schema.functions.items():
        for role in grantees:
            yield SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(Name(name, function), Name(role))


def _profiles(spec: Spec, name: str | None) -> Iterator[Profile]:
    while name:
        yield spec.profiles[name]
        name = spec.profiles[name].extends


def _row_security(connection: psycopg.Connection, spec: Spec, rls: RowSecurity) -> Iterator[sql.Composed]:
    policies = {table: dict(given) for table, given in rls.tables.items()}
    see_all = {table: dict(rls.see_all) for table in policies}
    if tenant := rls.tenant:
        for table in _tables_with(connection, tenant.schemas, tenant.column):
            policies.setdefault(table, {"tenant": Policy(to=tenant.to, using=tenant.using)})
            see_all[table] = dict(tenant.see_all)
            floor = Policy(to=tenant.to, using=tenant.using, as_="restrictive")
            policies[table]["tenant_floor"] = floor
    for table, given in policies.items():
        target = Name(*table.split("."))
        yield SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(target)
        yield SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(target)
        for name, policy in given.items():
            yield from _policy(spec, target, name, policy, rls)
        for role in see_all[table]:
            yield SQL("CREATE POLICY {} ON {} TO {} USING (true)").format(Name(f"all_{role}"), target, Name(role))


def _policy(spec: Spec, table: sql.Identifier, name: str, policy: Policy, rls: RowSecurity) -> Iterator[sql.Composed]:
    for command in policy.for_:
        using = policy.using if command != "insert" else None
        check = (policy.check or policy.using) if command not in ("select", "delete") else None
        parts = [
            SQL("CREATE POLICY {} ON {}").format(Name(f"{name}_{command}"), table),
            SQL("AS {} FOR {}").format(_words([policy.as_]), _words([command])),
            SQL("TO {}").format(SQL(", ").join(map(Name, _each(spec, policy.to)))),
        ]
        parts += [SQL("USING ({})").format(_bound(using, rls))] if using else []
        parts += [SQL("WITH CHECK ({})").format(_bound(check, rls))] if check else []
        yield SQL(" ").join(parts)


def _bound(expression: str, rls: RowSecurity) -> sql.SQL:
    def value(name: str) -> str:
        context = rls.context[name]
        return f"(SELECT nullif(current_setting('{context.setting}', true), '')::{context.type})"

    return SQL(PLACEHOLDER.sub(lambda hole: value(hole[1]), expression))


def _tables_with(connection: psycopg.Connection, schemas: Iterable[str], column: str) -> list[str]:
    rows = connection.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) WHERE table_schema = ANY(%s) AND column_name = %s "
        "AND table_type = 'BASE TABLE' ORDER BY 1",
        [list(schemas), column],
    )
    return [row[0] for row in rows]


def _each(spec: Spec, grantees: Iterable[str]) -> list[str]:
    return [name for grantee in grantees for name in matched(grantee, spec.every_role)]


def _words(words: Iterable[str]) -> sql.Composed:
    return SQL(", ").join(SQL(word.upper()) for word in words)
