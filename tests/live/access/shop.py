"""A small spec that uses most of the language, on names of its own, and what a test does with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from components.access import apply, passwords, preview, scripts
from components.access.apply import Done, Options
from components.access.passwords import Verifier
from components.access.session import Connection, Target
from components.access.spec.load import loads
from components.access.spec.models import Spec

KEY = b"only for these tests"

SPEC = """
version: 1
harden: true
scope: { roles: "^MARK_" }
roles:
  MARK_owner: { comment: owns every object }
  MARK_app:
    login: true
    password: secret:app
    connection_limit: 20
    settings: { statement_timeout: 30s, search_path: "app, public" }
  MARK_report: { login: true, connection_limit: 5, member_of: [MARK_readers], valid_until: 2099-01-31 }
  MARK_readers: {}
  MARK_board: {}
profiles:
  reader: { schema: [usage], tables: [select], sequences: [select] }
  writer: { extends: reader, tables: [insert, update, delete], sequences: [usage], functions: [execute] }
databases:
  MARK_shop:
    owner: MARK_owner
    connect: [MARK_app, MARK_readers]
    settings: { MARK_app: { work_mem: 8MB } }
    extensions: { pgcrypto: { version: ">=1.3", schema: ops } }
    schemas:
      ops: {}
      app:
        access: { MARK_app: writer, MARK_readers: reader }
        tables:
          audit: { MARK_app: [insert], MARK_readers: [] }
          users: { MARK_readers: { select: [id, org] } }
    rls:
      context: { org: { setting: app.org, type: integer } }
      tenant:
        schemas: [app]
        column: org
        using: "org = :org"
        to: [MARK_app, MARK_readers]
        exempt: { app.audit: written only }
        see_all: { MARK_owner: { why: migrations under FORCE }, MARK_board: { for: [select], why: board report } }
"""
TABLES = """
CREATE TABLE app.users (id serial PRIMARY KEY, org int NOT NULL, secret text);
CREATE INDEX ON app.users (org);
CREATE TABLE app.orders (org int NOT NULL, id int, PRIMARY KEY (org, id));
CREATE TABLE app.audit (line text);
CREATE VIEW app.totals WITH (security_invoker) AS SELECT org, count(*) FROM app.orders GROUP BY org;
CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
INSERT INTO app.users (org, secret) VALUES (1, 'a'), (1, 'b'), (2, 'c');
"""


@dataclass
class Shop:
    """A spec, its scripts and passwords, and the server they are for."""

    target: Target
    mark: str
    text: str = SPEC
    tables: str = TABLES
    allow: frozenset[str] = frozenset()
    passwords: dict[str, str] = field(default_factory=lambda: {"app": "correct horse battery"})

    def __post_init__(self) -> None:
        """PostgreSQL 14 has no views that ask the row policies of who reads them, so there the lint is answered."""
        with self.target.open() as connection:
            if connection.info.server_version < 150000 and self.text == SPEC:
                self.tables = self.tables.replace("WITH (security_invoker) ", "")
                self.text += "    lint: { allow: { definer-view: { app.totals: only for these tests } } }\n"

    @property
    def spec(self) -> Spec:
        return loads(self.text.replace("MARK", self.mark), "shop.yaml").spec

    @property
    def database(self) -> str:
        return f"{self.mark}_shop"

    @property
    def scripts(self) -> list[scripts.Script]:
        return scripts.parse({"001_tables.sql": self.tables.encode()}) if self.tables else []

    @property
    def verifiers(self) -> dict[str, Verifier]:
        return {
            name: passwords.verifier(self.passwords[role.password.secret], key=KEY, role=name)
            for name, role in self.spec.every_role.items()
            if role.password
        }

    def apply(self, **options: Any) -> list[Done]:
        chosen = Options(allow=self.allow, **options)
        return [
            apply.apply_cluster(self.target, self.spec, self.verifiers, chosen),
            apply.apply_database(self.target, self.spec, self.database, self.scripts, chosen),
        ]

    def plan(self) -> list[str]:
        """What would be sent, roles first."""
        parts = [
            preview.cluster(self.target, self.spec, self.verifiers, major=15),
            preview.database(self.target, self.spec, self.database, self.scripts, major=15),
        ]
        problems = [problem for part in parts for problem in part.problems]
        assert not problems, problems
        return [statement for part in parts for statement in part.statements()]

    def admin(self) -> Connection:
        return self.target.open(self.database)

    def run(self, *statements: str) -> None:
        """As the administrator, in the database."""
        with self.admin() as connection:
            for statement in statements:
                connection.execute(statement.replace("MARK", self.mark).encode())

    def rows(self, query: str, *, role: str, org: str | None = None) -> list[tuple[Any, ...]]:
        """As a role, with or without a tenant."""
        with self.admin() as connection:
            connection.execute(f'SET LOCAL ROLE "{self.mark}_{role}"'.encode())
            if org is not None:
                connection.execute("SELECT set_config('app.org', %s, true)", [org])
            return connection.execute(query.encode()).fetchall()
