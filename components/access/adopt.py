"""A live server -> a spec that would change nothing on it, and remarks on what no spec can say. Pure.

Passwords are never read: a login that has one gets `keep_password`. What cannot be said is left as it is, by leaving
it out, by `mode: report`, or by `scope.never`; each such thing is remarked on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.access import adopt_policies, adopt_rights, adopt_roles, lint, server_rights
from components.access.adopt_rights import Folded, Ground
from components.access.adopt_roles import FOUND
from components.access.desired import desired
from components.access.jobs import Job
from components.access.model import PUBLIC, Access, Cluster, Default, Facts, Grant, Object, Server
from components.access.spec.models import Spec
from components.access.spec.names import BUILT_IN

_ALWAYS_THERE = ("plpgsql",)
_CONNECT = {"connect": "CONNECT", "temporary": "TEMPORARY", "create": "CREATE"}


@dataclass(frozen=True, kw_only=True)
class FoundDatabase:
    """One database as it was read. `schemas` are those that a spec may rule in."""

    owner: str
    access: Access
    facts: Facts
    schemas: tuple[str, ...]
    jobs: Mapping[str, Job] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A server as it was read."""

    server: Server
    cluster: Cluster
    databases: Mapping[str, FoundDatabase]


@dataclass(kw_only=True)
class Adopted:
    """The spec as YAML would hold it, and what it could not say."""

    plain: dict[str, Any]
    remarks: list[str] = field(default_factory=list)


def adopt(found: Found, *, roles: str | None = None, template: bool = True) -> Adopted:
    """The spec of a server. `roles`: only those that the regular expression matches; `template`: look for tenants."""
    return _Adoption(found, roles, template).adopted()


class _Adoption:
    def __init__(self, found: Found, pattern: str | None, template: bool) -> None:
        self.found, self.template = found, template
        names, left_out = adopt_roles.sayable(found.cluster, found.server.me, pattern)
        self.declared = frozenset(names)
        self.harden = all(_hardened(database, self.declared) for database in found.databases.values())
        self.remarks = [f"role {name} is never touched: {why}" for name, why in sorted(left_out.items())]
        self.untouched = set(left_out)
        self.report = False
        self.folded: dict[str, dict[str, Folded]] = {}

    def adopted(self) -> Adopted:
        databases = {name: self._database(name, each) for name, each in sorted(self.found.databases.items())}
        for of, given in sorted(self.found.cluster.settings.items()):
            if of.database in databases and of.role in self.declared:
                databases[of.database].setdefault("settings", {})[of.role] = dict(sorted(given.items()))
        if self.report:
            for schema in (schema for each in databases.values() for schema in each["schemas"].values()):
                schema.setdefault("mode", "strict")
        profiles = _profiles(databases)
        scope: dict[str, Any] = {"mode": "report"} if self.report else {}
        if never := sorted(name for name in self.untouched if not BUILT_IN.match(name)):
            scope["never"] = never
        plain: dict[str, Any] = {"version": 1}
        plain |= {"harden": True} if self.harden else {}
        plain |= {"scope": scope} if scope else {}
        plain["roles"] = {name: adopt_roles.plain(self.found.cluster, name) for name in sorted(self.declared)}
        plain |= {"profiles": profiles} if profiles else {}
        whole = Ground(access=self.found.cluster.outside, declared=self.declared, harden=self.harden)
        plain |= self._outside(whole, server_rights.ON_SERVER, "the server")
        plain["databases"] = {name: _ordered(each) for name, each in databases.items()}
        self._except_findings(plain)
        return Adopted(plain=plain, remarks=self.remarks)

    def _database(self, name: str, found: FoundDatabase) -> dict[str, Any]:
        ground = Ground(access=found.access, declared=self.declared, harden=self.harden)
        plain: dict[str, Any] = {"owner": self._owner(found.owner)}
        rights, odd = ground.rights(found.access.acls[Object("database", "", name)], "database")
        for key, word in _CONNECT.items():
            if who := sorted(role for role, words in rights.items() if word in words):
                plain[key] = who
        for one in sorted(odd):
            self.report = True
            self.remarks.append(f"{one.grantee} holds {one.privilege} on database {name} in a way that no spec says")
        plain["extensions"] = self._extensions(found)
        schemas = {schema: self._schema(ground, name, schema, found) for schema in found.schemas}
        plain["schemas"] = schemas
        plain |= self._outside(ground, server_rights.IN_DATABASE, name)
        rows = adopt_policies.adopted(
            found.access, found.facts, self.declared, frozenset(schemas), template=self.template
        )
        plain["rls"] = rows.plain
        plain["jobs"] = self._jobs(name, found)
        self.remarks += [f"{name}: {remark}" for remark in rows.remarks]
        return plain

    def _owner(self, role: str) -> str:
        if role not in self.declared:
            self.untouched.add(role)
        return role

    def _extensions(self, found: FoundDatabase) -> dict[str, Any]:
        lines: dict[str, Any] = {}
        for name, extension in sorted(found.access.extensions.items()):
            if name in _ALWAYS_THERE:
                continue
            version = f">={extension.version}"
            sayable = extension.schema in found.schemas or extension.schema == "public"
            lines[name] = {"version": version, "schema": extension.schema} if sayable else version
        return lines

    def _schema(self, ground: Ground, database: str, schema: str, found: FoundDatabase) -> dict[str, Any]:
        folded = adopt_rights.fold(ground, schema)
        owner = found.access.owners[Object("schema", "", schema)]
        plain: dict[str, Any] = {} if owner == found.owner else {"owner": self._owner(owner)}
        if folded.creators is not None:
            plain["creators"] = [self._owner(creator) for creator in folded.creators]
        if folded.report:
            plain["mode"] = "report"
        if folded.broad:
            plain["access"] = folded.broad
        self.remarks += [f"{database}: {remark}" for remark in folded.remarks]
        return plain | dict(sorted(folded.narrow.items()))

    def _outside(self, ground: Ground, keys: Mapping[str, tuple[str, Any]], where: str) -> dict[str, Any]:
        """Rights on what lies outside schemas, by kind; a kind with rights that no spec says is left alone."""
        lines: dict[str, dict[str, Any]] = {}
        for key, (kind, _) in keys.items():
            odd: list[Grant] = []
            for item in sorted(one for one in ground.access.acls if one.kind == kind):
                rights, strange = ground.rights(ground.access.acls[item], kind)
                odd += strange
                if any(role in self.declared for role in rights):
                    by_role = {role: adopt_rights.words(words) for role, words in sorted(rights.items())}
                    lines.setdefault(key, {})[item.name] = by_role
            if odd:
                lines.pop(key, None)
                self.remarks.append(f"{where}: rights on {key} are left alone: {odd[0].grantee} may pass its own on")
        return lines

    def _jobs(self, database: str, found: FoundDatabase) -> dict[str, Any]:
        lines: dict[str, Any] = {}
        for name, job in sorted(found.jobs.items()):
            if job.role in self.declared:
                lines[name] = {"schedule": job.schedule, "run": job.run, "as": job.role}
            else:
                self.remarks.append(f"{database}: job {name} runs as {job.role}, whom the spec does not declare")
        return lines

    def _except_findings(self, plain: dict[str, Any]) -> None:
        """What the lints say of the state as it is becomes an exception each, for a person to look at."""
        spec = Spec.model_validate(plain)
        for name, found in self.found.databases.items():
            wanted = desired(spec, name, found.access, found.facts)
            allow: dict[str, dict[str, str]] = {}
            for finding in lint.findings(spec, name, wanted, found.access, found.facts):
                allow.setdefault(finding.lint, {})[finding.item] = f"{FOUND}: {finding.told}"
            if allow:
                plain["databases"][name]["lint"] = {"allow": allow}


def _hardened(found: FoundDatabase, declared: frozenset[str]) -> bool:
    """Whether PUBLIC lacks already what `harden` takes."""
    of_database = next((acl for item, acl in found.access.acls.items() if item.kind == "database"), frozenset())
    public = found.access.acls.get(Object("schema", "", "public"), frozenset())
    open_to_all = any(one.grantee == PUBLIC for one in of_database) or Grant(PUBLIC, "CREATE") in public
    # Sayable only where every creator of functions has lost PUBLIC's EXECUTE for all schemas.
    makers = {place.creator for place in found.access.defaults if place.schema and place.creator in declared}
    closed = all(
        not any(one.grantee == PUBLIC for one in found.access.defaults.get(Default(maker, "", "functions"), _OPEN))
        for maker in makers
    )
    return not open_to_all and closed


_OPEN = frozenset((Grant(PUBLIC, "EXECUTE"),))


def _profiles(databases: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Names for the rights that several lines have; those lines then say the name."""
    lines = [
        (access, role)
        for database in databases.values()
        for schema in database["schemas"].values()
        for access in [schema.get("access", {})]
        for role in access
    ]
    counted = Counter(_key(access[role]) for access, role in lines)
    names: dict[str, str] = {}
    profiles: dict[str, Any] = {}
    for access, role in lines:
        key = _key(access[role])
        if counted[key] > 1 and len(access[role]) > 1:
            if key not in names:
                names[key] = _called(access[role], profiles)
                profiles[names[key]] = access[role]
            access[role] = names[key]
    return profiles


def _key(line: Mapping[str, Any]) -> str:
    return repr(sorted(line.items()))


def _called(line: Mapping[str, Any], taken: Iterable[str]) -> str:
    on_tables = set(line.get("tables", ()))
    word = "user" if not on_tables else "reader" if on_tables == {"select"} else "writer"
    return next(name for name in (word, *(f"{word}_{n}" for n in range(2, 10_000))) if name not in taken)


_ORDER = (
    "owner",
    "connect",
    "temporary",
    "create",
    "settings",
    "extensions",
    "schemas",
    *server_rights.IN_DATABASE,
    "rls",
    "jobs",
    "lint",
)


def _ordered(database: Mapping[str, Any]) -> dict[str, Any]:
    return {key: database[key] for key in _ORDER if database.get(key)}
