"""Whether every role, profile, schema and context that a spec uses is declared in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from components.access.spec import ways_in
from components.access.spec.databases import COLUMN_PRIVILEGES, AccessLine, Database, Schema
from components.access.spec.fields import LONGEST_NAME
from components.access.spec.models import Spec
from components.access.spec.pairs import LETTERS
from components.access.spec.roles import Password, Role
from components.access.spec.row_policies import RowSecurity, SeeAll
from components.access.spec.tests import AccessTest
from components.access.spec.tree import Path
from components.access.spec.wording import unknown

Finding = tuple[Path, str]

PUBLIC = "PUBLIC"
# :name, but neither a cast (::uuid) nor part of a word or a slice (a[1:n]).
PLACEHOLDER = re.compile(r"(?<![:\w\]\[0-9]):([a-z_][a-z0-9_]*)\b")
QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
BUILT_IN = re.compile(r"^(postgres|pg_.*|rds.*|cloudsql.*|azure_.*)$")


def is_glob(name: str) -> bool:
    """Whether a name stands for several."""
    return any(character in name for character in "*?")


def matched(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that a name or glob stands for, sorted."""
    return sorted(name for name in names if (fnmatchcase(name, pattern) if is_glob(pattern) else name == pattern))


def wrong_names(spec: Spec) -> Iterator[Finding]:
    """Every use of a name that nothing declares, and every declaration that the scope forbids."""
    yield from _roles(spec)
    yield from _profiles(spec)
    for name, database in spec.databases.items():
        yield from _database(spec, name, database)
        for key in ("languages", "foreign_data_wrappers", "foreign_servers", "large_objects"):
            yield from _granted(("databases", name, key), getattr(database, key), spec.every_role)
    for key in ("parameters", "tablespaces"):
        yield from _granted((key,), getattr(spec, key), spec.every_role)


def _granted(path: Path, given: Mapping[str, Iterable[str]] | None, roles: Iterable[str]) -> Iterator[Finding]:
    for item, grantees in (given or {}).items():
        for grantee in grantees:
            yield from _known_role((*path, item, grantee), grantee, roles)


def _roles(spec: Spec) -> Iterator[Finding]:
    everyone = spec.every_role
    for name in spec.roles.keys() & spec.services.keys():
        yield ("services", name), "is a role as well; keep one"
    for kind in ("roles", "services"):
        for name, role in getattr(spec, kind).items():
            if wrong := _outside(spec, name):
                yield (kind, name), wrong
            if role.retire:
                yield from _retired(spec, (kind, name), role, role.retire.to)
                continue
            if role.password:
                yield from _pair(spec, (kind, name), role.password)
            if role.password and role.keep_password:
                yield (kind, name), "has a password from a secret and keep_password; keep one of them"
            if role.auth is not None:
                yield from ways_in.wrong(spec, (kind, name), role)
            if role.password and not role.login:
                yield (kind, name), "has a password but cannot log in; add login: true or remove the password"
            for group in role.member_of:
                path = (kind, name, "member_of", group)
                if group == name:
                    yield path, "a role cannot be a member of itself"
                elif not group.startswith("pg_"):
                    yield from _known_role(path, group, everyone, exact=True)
    yield from _circles({name: list(role.member_of) for name, role in everyone.items()}, ("roles",), "member_of")
    for name, service in spec.services.items():
        yield from _known(("services", name, "profile"), "profile", service.profile, spec.profiles)
        schemas = [schema for database in spec.databases.values() for schema in database.schemas]
        yield from _known(("services", name, "schema"), "schema", service.schema_, schemas)


def _pair(spec: Spec, path: Path, password: Password) -> Iterator[Finding]:
    if password.rotate != "ab":
        if more := sorted(password.model_fields_set & {"generation", "previous"}):
            yield (*path, "password", more[0]), "belongs to rotate: ab; count `rotate` up instead"
        return
    for letter in LETTERS:
        name = f"{path[1]}_{letter}"
        if name in {**spec.roles, **spec.services}:
            yield path, f"makes a login {name} (rotate: ab), which is declared as well; rename one of them"
        if len(name.encode()) > LONGEST_NAME:
            yield path, f"makes a login {name} (rotate: ab) of more than {LONGEST_NAME} bytes; shorten its name"
        if wrong := _outside(spec, name):
            yield path, f"makes a login {name} (rotate: ab), which {wrong}"


def _retired(spec: Spec, path: Path, role: Role, to: str) -> Iterator[Finding]:
    if path[0] == "services":
        yield path, "is a service; a role that is to go stands under `roles`"
    elif more := sorted(role.model_fields_set - {"retire"}):
        yield path, f"is to be retired, so nothing else can be said of it; leave out {', '.join(more)}"
    yield from _known((*path, "retire", "to"), "role", to, spec.every_role)


def _outside(spec: Spec, name: str) -> str | None:
    if BUILT_IN.match(name) or name in spec.scope.never:
        return "is never touched (built in, or under scope.never), so it cannot be declared; rename it"
    if spec.scope.roles is not None and not re.search(spec.scope.roles, name):
        return f"is outside the scope {spec.scope.roles!r}; rename it or widen scope.roles"
    return None


def _profiles(spec: Spec) -> Iterator[Finding]:
    for name, profile in spec.profiles.items():
        if profile.extends is not None:
            yield from _known(("profiles", name, "extends"), "profile", profile.extends, spec.profiles)
    graph = {name: [profile.extends] if profile.extends else [] for name, profile in spec.profiles.items()}
    yield from _circles(graph, ("profiles",), "extends")


def _circles(graph: Mapping[str, list[str]], path: Path, key: str) -> Iterator[Finding]:
    done: set[str] = set()
    for start in graph:
        trail, here = [start], list(graph[start])
        while here:
            name = here.pop()
            if name == start:
                yield (*path, start, key), f"leads back to {start}; break the circle"
                break
            if name in graph and name not in done and name not in trail:
                trail.append(name)
                here += graph[name]
        done.add(start)


def _database(spec: Spec, name: str, database: Database) -> Iterator[Finding]:
    path: Path = ("databases", name)
    roles = spec.every_role
    if name in ("template0", "template1"):
        yield path, "is a template of the server's; name another database"
    yield from _owner(spec, (*path, "owner"), database.owner)
    for key in ("connect", "temporary", "create"):
        for index, grantee in enumerate(getattr(database, key)):
            yield from _known_role((*path, key, index), grantee, roles)
    for grantee in database.settings:
        yield from _known_role((*path, "settings", grantee), grantee, roles, public=False)
    for schema_name, schema in database.schemas.items():
        yield from _schema(spec, (*path, "schemas", schema_name), schema)
    for extension, wanted in database.extensions.items():
        if wanted.schema_ and wanted.schema_ not in {*database.schemas, "public", "pg_catalog"}:
            here = (*path, "extensions", extension, "schema")
            yield from _known(here, "schema", wanted.schema_, [*database.schemas, "public", "pg_catalog"])
    for job_name, job in database.jobs.items():
        yield from _job((*path, "jobs", job_name, "as"), job.as_, roles)
    if database.rls:
        yield from _row_security(spec, (*path, "rls"), database, database.rls)
    for index, test in enumerate(database.tests):
        yield from _test((*path, "tests", index), test, database, roles)


def _test(path: Path, test: AccessTest, database: Database, roles: Mapping[str, Role]) -> Iterator[Finding]:
    yield from _known_role((*path, "as"), test.as_, roles, public=False, exact=True)
    context = database.rls.context if database.rls else {}
    for name in test.set_:
        if "." not in name:
            yield from _known((*path, "set", name), "context", name, context)
    if not (test.sees or test.affects or test.denied):
        yield path, "tries nothing; say what the role sees, affects or is denied"


def _job(path: Path, name: str, roles: Mapping[str, Role]) -> Iterator[Finding]:
    yield from _known_role(path, name, roles, public=False, exact=True)
    if name in roles and not roles[name].login:
        yield path, f"{name} cannot log in, so no job can run as it; name a login"


def _schema(spec: Spec, path: Path, schema: Schema) -> Iterator[Finding]:
    roles = spec.every_role
    if path[-1] in ("information_schema", "postgres_platform") or str(path[-1]).startswith("pg_"):
        yield path, "belongs to the server or to this program; no spec rules in it"
    for role in ([schema.owner] if schema.owner else []) + list(schema.creators or ()):
        yield from _owner(spec, path, role)
    for grantee, line in schema.access.items():
        yield from _known_role((*path, "access", grantee), grantee, roles)
        yield from _line(spec, (*path, "access", grantee), line)
    for kind in ("tables", "sequences", "functions", "types"):
        for item, grantees in getattr(schema, kind).items():
            for grantee in grantees:
                yield from _known_role((*path, kind, item, grantee), grantee, roles)
    for item, lines in schema.tables.items():
        for grantee, columns_by in lines.items():
            for privilege, columns in columns_by.items():
                if columns is not None and privilege not in COLUMN_PRIVILEGES:
                    here = (*path, "tables", item, grantee, privilege)
                    yield here, f"is no privilege of columns; those are {', '.join(COLUMN_PRIVILEGES)}"


def _owner(spec: Spec, path: Path, name: str) -> Iterator[Finding]:
    """An owner or creator may also be a role that is never touched: what is adopted often belongs to such a one."""
    if not BUILT_IN.match(name) and name not in spec.scope.never:
        yield from _known(path, "role", name, spec.every_role)


def _line(spec: Spec, path: Path, line: AccessLine) -> Iterator[Finding]:
    if line.profile is not None:
        yield from _known(path, "profile", line.profile, spec.profiles)


def _row_security(spec: Spec, path: Path, database: Database, rls: RowSecurity) -> Iterator[Finding]:
    roles = spec.every_role
    if tenant := rls.tenant:
        here = (*path, "tenant")
        for index, schema in enumerate(tenant.schemas):
            yield from _known((*here, "schemas", index), "schema", schema, database.schemas)
        for index, grantee in enumerate(tenant.to):
            yield from _known_role((*here, "to", index), grantee, roles)
        for table in tenant.exempt:
            yield from _known((*here, "exempt", table), "schema", table.split(".")[0], tenant.schemas)
        yield from _see_all((*here, "see_all"), tenant.see_all, roles)
        yield from _placeholders((*here, "using"), tenant.using, rls)
    yield from _see_all((*path, "see_all"), rls.see_all, roles)
    for table, policies in rls.tables.items():
        yield from _known((*path, "tables", table), "schema", table.split(".")[0], database.schemas)
        for name, policy in policies.items():
            for grantee in policy.to:
                yield from _known_role((*path, "tables", table, name, "to"), grantee, roles)
            for key, text in (("using", policy.using), ("check", policy.check)):
                yield from _placeholders((*path, "tables", table, name, key), text or "", rls)


def _see_all(path: Path, entries: Mapping[str, SeeAll], roles: Iterable[str]) -> Iterator[Finding]:
    for role in entries:
        yield from _known_role((*path, role), role, roles, public=False)


def _placeholders(path: Path, text: str, rls: RowSecurity) -> Iterator[Finding]:
    for name in PLACEHOLDER.findall(QUOTED.sub("''", text)):
        if name not in rls.context:
            yield from _known(path, "context", name, rls.context)


def _known(path: Path, noun: str, name: str, known: Iterable[str]) -> Iterator[Finding]:
    if name not in (names := list(known)):
        yield path, unknown(noun, name, names)


def _known_role(
    path: Path, name: str, roles: Iterable[str], *, public: bool = True, exact: bool = False
) -> Iterator[Finding]:
    """A declared role, PUBLIC, or a glob that matches a declared role."""
    if (name == PUBLIC and public) or (not exact and is_glob(name) and matched(name, roles)):
        return
    yield from _known(path, "role", name, roles)
