"""How many statements a check sends: as few for a large database as for a small one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from components.access.cli import main
from components.access.session import Target
from components.access.snapshot import ask
from tests.live.access.scratch import port

pytestmark = pytest.mark.live
# What only begins, ends or limits a transaction is no read.
COUNTED = """
SELECT sum(calls) FILTER (WHERE query ~* '^(SELECT|WITH)'), sum(calls) FILTER (WHERE query ~ 'json_build_object')
FROM pg_stat_statements WHERE toplevel AND query !~ 'pg_stat_statements'
"""
SIZES = {"small": (2, 1, 2), "large": (60, 6, 40)}  # roles, schemas, tables of each


def spec(mark: str, roles: int, schemas: int) -> dict[str, Any]:
    names = [f"{mark}_{number:02d}" for number in range(roles)]
    reader = {"schema": ["usage"], "tables": ["select"]}
    rls = {
        "context": {"org": {"setting": "app.org", "type": "uuid"}},
        "tenant": {
            "schemas": [f"s{one}" for one in range(schemas)],
            "column": "org",
            "using": "org = :org",
            "to": names,
        },
    }
    rls["tenant"]["see_all"] = {f"{mark}_owner": {"why": "migrations under FORCE"}}
    access = {f"s{one}": {"access": dict.fromkeys(names, "reader")} for one in range(schemas)}
    return {
        "version": 1,
        "roles": {f"{mark}_owner": {}, **{name: {"login": True, "connection_limit": 1} for name in names}},
        "profiles": {"reader": reader},
        "databases": {mark: {"owner": f"{mark}_owner", "schemas": access, "rls": rls, "sql": ["sql"]}},
    }


@pytest.mark.parametrize("size", SIZES)
def test_a_check_reads_the_cluster_once_and_the_database_once(
    size: str, target: Target, server: Path, mark: str, tmp_path: Path
) -> None:
    roles, schemas, tables = SIZES[size]
    (tmp_path / "sql").mkdir()
    made = [
        f"CREATE TABLE s{schema}.t{table} (id int, org uuid); CREATE INDEX ON s{schema}.t{table} (org);"
        for schema in range(schemas)
        for table in range(tables)
    ]
    (tmp_path / "sql" / "001_tables.sql").write_text("\n".join(made))
    file = tmp_path / "access.yaml"
    file.write_text(json.dumps(spec(mark, roles, schemas)))
    url = f"host={server} port={port(server)} user=postgres dbname=postgres"
    assert main(["apply", str(file), "--url", url]) == 0
    with target.open(autocommit=True) as watching:
        watching.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
        watching.execute("SET search_path = pg_catalog, public")
        watching.execute("SELECT pg_stat_statements_reset()")
        assert main(["check", str(file), "--url", url]) == 0
        reads, of_state = watching.execute(COUNTED).fetchone() or (0, 0)
    assert of_state == 2
    # And: is the database there, and how does the server print both expressions, however many tables have them.
    assert reads == 2 + 1 + 1


def test_passwords_and_journal_are_asked_for_only_where_they_may_be_read(target: Target, mark: str) -> None:
    with target.open() as connection:
        connection.execute(f"CREATE ROLE {mark}_low; CREATE ROLE {mark}_login LOGIN PASSWORD 'some words, unguessable'")
        words: dict[str, Any] = {"roles": [f"{mark}_low", f"{mark}_login", "quote'd <&> \\"], "journal": True}
        found = ask(connection, "passwords", "journal", **words)
        assert list(found["passwords"]) == [f"{mark}_login"]
        assert len(found["passwords"][f"{mark}_login"]) == 64
        assert found["journal"] is None
        connection.execute(f"SET LOCAL ROLE {mark}_low")
        assert ask(connection, "passwords", "journal", **words) == {"passwords": None, "journal": None}
        connection.rollback()


def test_a_journal_holds_any_name(target: Target, mark: str) -> None:
    with target.open() as connection:
        connection.execute("CREATE SCHEMA postgres_platform")
        connection.execute("CREATE TABLE postgres_platform.script_journal (name text, sha256 text)")
        assert ask(connection, "journal", journal=True) == {"journal": {}}
        name = "001_<found>é & \"'\\</found>.sql"
        connection.execute("INSERT INTO postgres_platform.script_journal VALUES (%s, 'abc')", [name])
        assert ask(connection, "journal", journal=True) == {"journal": {name: "abc"}}
        assert ask(connection, "journal", journal=False) == {"journal": None}
        connection.execute(f"CREATE ROLE {mark}_low")
        connection.execute(f"GRANT USAGE ON SCHEMA postgres_platform TO {mark}_low")
        connection.execute(f"SET LOCAL ROLE {mark}_low")
        # Never taken for an empty journal: every script would run again.
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(connection, "journal", journal=True)
