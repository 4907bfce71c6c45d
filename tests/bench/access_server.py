"""The scratch server of `make bench-access`, and what it looks like before and after a competitor ran."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.bench import access_cases
from tests.bench.access_cases import DATABASE, OWNER, Case
from tests.live.access.scratch import port

QUIET = (
    "log_statement = 'none'",
    "log_min_duration_statement = -1",
    "autovacuum = off",
    "pg_stat_statements.track = 'none'",
)
# Every right that a case speaks of, as one digest.
RIGHTS = """
SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
    SELECT format('%s.%s %s %s', n.nspname, c.relname, pg_get_userbyid(x.grantee), x.privilege_type) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
         aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
    WHERE c.relkind = 'r' AND n.nspname ~ '^s[0-9]+$' AND x.grantee <> c.relowner
    UNION ALL
    SELECT format('%s %s %s', n.nspname, pg_get_userbyid(x.grantee), x.privilege_type)
    FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
    WHERE n.nspname ~ '^s[0-9]+$' AND x.grantee <> n.nspowner
    UNION ALL
    SELECT format('%s %s %s %s', n.nspname, d.defaclobjtype, pg_get_userbyid(x.grantee), x.privilege_type)
    FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) x
    WHERE x.grantee <> d.defaclrole
    UNION ALL
    SELECT format('%s %s %s %s %s', c.relname, p.polname, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
                  (SELECT string_agg(r.rolname, ',' ORDER BY r.rolname) FROM pg_roles r WHERE r.oid = ANY(polroles)))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    UNION ALL
    SELECT format('%s %s', pg_get_userbyid(m.roleid), pg_get_userbyid(m.member))
    FROM pg_auth_members m WHERE pg_get_userbyid(m.member) ~ '^bench_'
) held
"""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A running scratch server and the folder of the case's files."""

    socket: Path
    files: Path

    @property
    def url(self) -> str:
        """Without a database."""
        return f"host={self.socket} port={port(self.socket)} user=postgres"

    def uri(self, database: str = DATABASE) -> str:
        """As programs want it that do not know libpq's keywords."""
        return f"postgresql://postgres@localhost/{database}?host={self.socket}&port={port(self.socket)}"

    @property
    def postmaster(self) -> int:
        """Its process."""
        return int((self.socket / "data" / "postmaster.pid").read_text().split()[0])

    def sql(self, *statements: str, database: str = "postgres") -> None:
        """Runs statements, each by itself."""
        with psycopg.connect(f"{self.url} dbname={database}", autocommit=True) as session:
            for statement in statements:
                session.execute(statement.encode())

    def one(self, query: str, database: str = DATABASE) -> str:
        """The one value of a query."""
        with psycopg.connect(f"{self.url} dbname={database}") as session:
            row = session.execute(query.encode()).fetchone()
        assert row is not None
        return str(row[0])

    def prepare(self) -> None:
        """For measuring, once."""
        self.sql(*(f"ALTER SYSTEM SET {one}" for one in QUIET), "SELECT pg_reload_conf()", f"CREATE ROLE {OWNER}")

    def template(self, case: Case) -> None:
        """The case's schemas and tables, without rights."""
        self.sql("DROP DATABASE IF EXISTS bench_template", f"CREATE DATABASE bench_template OWNER {OWNER}")
        self.sql(access_cases.fixture(case), database="bench_template")

    def fresh(self, database: str = DATABASE) -> None:
        """The database and the cluster as they were before anybody applied anything."""
        with psycopg.connect(f"{self.url} dbname=postgres", autocommit=True) as session:
            session.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())
            session.execute("CHECKPOINT")
            strategy = " STRATEGY file_copy" if session.info.server_version >= 150000 else ""
            session.execute(f"CREATE DATABASE {database} OWNER {OWNER} TEMPLATE bench_template{strategy}".encode())
            there = session.execute(r"SELECT rolname FROM pg_roles WHERE rolname ~ '^bench_(app|group)'").fetchall()
            if there:
                session.execute(f"DROP ROLE {', '.join(name for (name,) in there)}".encode())
