"""What the access layer knows of a server and of a database; desired and actual are the same types.

Names are unquoted, as the catalog has them. In an ACL the owner's own rights are left out, since they are implied, and
a grantor of "" is the object's owner, so that equal rights on objects of different owners are equal values.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from components.access.phases import HAZARDS as HAZARDS
from components.access.phases import Hazard as Hazard
from components.access.phases import Phase as Phase
from components.access.powers import Need, Powers
from components.access.retiring import Retiring

PUBLIC = "PUBLIC"
UNREADABLE = "?"  # stands for a password where pg_authid may not be read
_VERIFIER = re.compile(r"SCRAM-SHA-256\$[^']*")

Kind = Literal[
    "database", "schema", "table", "view", "matview", "foreign table", "sequence", "column", "routine", "type"
]
RELATIONS: frozenset[str] = frozenset({"table", "view", "matview", "foreign table"})


class Object(NamedTuple):
    """Something with an ACL. `detail` is a column's name, or a routine's argument types as the server prints them."""

    kind: str
    schema: str
    name: str
    detail: str = ""

    def __str__(self) -> str:
        if self.kind == "routine":
            return f"{self.schema}.{self.name}({self.detail})"
        return ".".join(part for part in (self.schema, self.name, self.detail) if part)


class Grant(NamedTuple):
    """One privilege of one grantee; `grantor` "" is the owner."""

    grantee: str
    privilege: str
    grantable: bool = False
    grantor: str = ""


Acl = frozenset[Grant]
NO_RIGHTS: Acl = frozenset()


class Default(NamedTuple):
    """Whose new objects of which kind get rights; `schema` "" is the layer for all schemas."""

    creator: str
    schema: str
    kind: Literal["tables", "sequences", "functions", "types"]


class Table(NamedTuple):
    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


class Security(NamedTuple):
    """A table's row security: switched on, and for its owner as well."""

    enabled: bool = False
    forced: bool = False


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A row policy. `using` and `check` are as the server prints them; the sources are what a statement says."""

    name: str
    command: str = "all"
    permissive: bool = True
    roles: tuple[str, ...] = (PUBLIC,)
    using: str | None = None
    check: str | None = None
    using_source: str | None = field(default=None, compare=False)
    check_source: str | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Extension:
    """`schema` None is "wherever it is"; `version` "" is not known yet, for want of a server to ask."""

    name: str
    version: str
    schema: str | None


@dataclass(frozen=True, kw_only=True)
class Access:
    """One database. Equal values mean equal access."""

    database: str
    acls: Mapping[Object, Acl] = field(default_factory=dict)
    owners: Mapping[Object, str] = field(default_factory=dict)
    extensions: Mapping[str, Extension] = field(default_factory=dict)
    defaults: Mapping[Default, Acl] = field(default_factory=dict)
    security: Mapping[Table, Security] = field(default_factory=dict)
    policies: Mapping[Table, Mapping[str, Policy]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role's attributes. `password` is the SHA-256 of the stored verifier, None for no password, or UNREADABLE."""

    name: str
    login: bool = False
    superuser: bool = False
    inherit: bool = True
    createdb: bool = False
    createrole: bool = False
    replication: bool = False
    bypassrls: bool = False
    connection_limit: int = -1
    valid_until: str | None = None
    comment: str | None = None
    password: str | None = field(default=None, repr=False)


class Membership(NamedTuple):
    """`grantor` "" is the login in use (or, for a superuser, the role that superusers grant as)."""

    role: str
    member: str
    inherit: bool
    set: bool = True
    admin: bool = False
    grantor: str = ""


class SettingsOf(NamedTuple):
    """Whose settings; `database` "" is every database."""

    role: str
    database: str = ""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What all databases of a server share."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    memberships: frozenset[Membership] = frozenset()
    settings: Mapping[SettingsOf, Mapping[str, str]] = field(default_factory=dict)
    databases: frozenset[str] = frozenset()
    retiring: Mapping[str, Retiring] = field(default_factory=dict)
    outside: Access = field(default_factory=lambda: Access(database=""))  # parameters and tablespaces


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One SQL statement and why it is there. `run_as` is the role that must say it (a grant's own grantor)."""

    sql: str = field(repr=False)
    why: str
    phase: Phase = Phase.RIGHTS
    hazard: Hazard | None = None
    run_as: str | None = None
    database: str = ""  # "" is where the plan is run
    needs: tuple[Need, ...] = field(default=(), repr=False, compare=False)  # of a login that is no superuser

    def display(self) -> str:
        """The statement as people and logs may see it: a password's verifier is masked."""
        shown = _VERIFIER.sub("<hidden>", self.sql)
        shown = f"in {self.database}: {shown}" if self.database else shown
        return f"SET LOCAL ROLE {self.run_as}; {shown}; RESET ROLE" if self.run_as else shown

    def __str__(self) -> str:
        return self.display()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What has to be done, in order; what is only told; what waits for objects to come; and what forbids to begin."""

    statements: tuple[Statement, ...] = ()
    notes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    curable: tuple[str, ...] = ()  # problems that scripts which have yet to run may cure

    @property
    def digest(self) -> str:
        """Of everything that would be sent; two plans with one digest do the same."""
        return hashlib.sha256("\0".join(statement.sql for statement in self.statements).encode()).hexdigest()

    def with_notes(self, more: tuple[str, ...]) -> Plan:
        """The same plan, with more to tell."""
        return dataclasses.replace(self, notes=(*self.notes, *more))

    def of(self, *phases: Phase) -> tuple[Statement, ...]:
        """The statements of some phases, in order."""
        return tuple(statement for statement in self.statements if statement.phase in phases)


@dataclass(frozen=True, kw_only=True)
class Available:
    """An extension that the server could have: versions, and the schema that each insists on (None: any)."""

    default: str | None
    versions: Mapping[str, str | None]
    requires: tuple[str, ...] = ()
    untrusted: bool = False  # only a superuser may create it


@dataclass(frozen=True, kw_only=True)
class Server:
    """What a plan must know of the server besides access itself. `version` is server_version_num."""

    version: int = 150000
    me: str = "postgres"
    powers: Powers | None = None  # None: a superuser's, which are all
    available: Mapping[str, Available] | None = None  # None: unknown, the server is not there yet
    preloaded: str | None = None
    cron_database: str | None = None
    connections: int | None = None  # that are not kept for administrators
    infrastructure: tuple[str, ...] = ()  # logins of the platform that every database must let in
    pooler_table: bool = False  # PgBouncer reads verifiers from a table of ours, in the connection's database

    @property
    def major(self) -> int:
        return self.version // 10000


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table's facts that row policies and lints need. `columns` maps name to type."""

    columns: Mapping[str, str]
    indexed: frozenset[str] = frozenset()  # columns that an index begins with
    partition_of: Table | None = None
    uniques: tuple[tuple[str, tuple[str, ...]], ...] = ()  # unique indexes but the primary key's, and their columns
    references: tuple[tuple[str, tuple[str, ...], Table], ...] = ()  # foreign keys: name, columns, table


@dataclass(frozen=True, kw_only=True)
class Routine:
    """A SECURITY DEFINER function's facts, for the lints."""

    owner: str
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was read of a database beside its access: never a difference by itself."""

    server: Server = field(default_factory=Server)
    exists: bool = False
    relations: Mapping[Table, Relation] = field(default_factory=dict)
    columns: Mapping[Table, frozenset[str]] = field(default_factory=dict)  # where single columns are granted
    routines: Mapping[Object, Routine] = field(default_factory=dict)
    definer_views: Mapping[Object, frozenset[Table]] = field(default_factory=dict)  # and the tables they read
    sessions: Mapping[str, int] = field(default_factory=dict)  # open sessions in this database by role
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)  # role -> roles it is itself a member of
    bypass: frozenset[str] = frozenset()  # superusers and BYPASSRLS roles
    superusers: frozenset[str] = frozenset()
    journal: Mapping[str, str] = field(default_factory=dict)  # scripts that ran: name -> SHA-256

    def groups(self, role: str) -> frozenset[str]:
        """The roles that a role is a member of, at any depth."""
        found, waiting = set[str](), [role]
        while waiting:
            new = self.members.get(waiting.pop(), frozenset()) - found
            found |= new
            waiting += new
        return frozenset(found)
