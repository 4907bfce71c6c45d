"""adopt on databases that this project did not write: the spec must plan to nothing, and say what is there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg import sql

from components.access import adopt_read, apply, passwords, scripts
from components.access.session import Target
from components.access.spec import Spec, load, loads
from tests.live.access import scratch
from tests.live.access.shop import Shop
from tests.live.access_adopt import orm
from tests.live.drizzle import orm as drizzle

pytestmark = pytest.mark.live
ROOT = Path(__file__).parents[3]


def database(target: Target, mark: str, *statements: str) -> str:
    """A database of a login's own, with statements run there by the administrator."""
    with target.open(autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {mark}_dev LOGIN PASSWORD 'secret' CREATEDB".encode())
        connection.execute(f"CREATE ROLE {mark}_read".encode())
        connection.execute(f"CREATE ROLE {mark}_other".encode())
        connection.execute(f"CREATE DATABASE {mark}_db OWNER {mark}_dev".encode())
    run(target, mark, *statements)
    return f"{mark}_db"


def run(target: Target, mark: str, *statements: str) -> None:
    with target.open(f"{mark}_db", autocommit=True) as connection:
        connection.execute("SET search_path = public")
        for statement in statements:
            connection.execute(statement.replace("MARK", mark).encode())


def adopted(target: Target, mark: str, name: str) -> dict[str, Any]:
    """The spec, which must have been exact."""
    made = adopt_read.adopted(target, [name], roles=f"^{mark}", origin="here")
    assert made.left == (), made.text
    return dict(yaml.safe_load(made.text))


def environment(target: Target, mark: str) -> dict[str, str]:
    return {
        "PGHOST": str(target.words["host"]),
        "PGPORT": str(target.words["port"]),
        "PGUSER": f"{mark}_dev",
        "PGDATABASE": f"{mark}_db",
    }


def test_pgbench(target: Target, mark: str) -> None:
    name = database(target, mark)
    program = f"/usr/lib/postgresql/{scratch.packaged()}/bin/pgbench"
    command = [program, "-i", "-q", "--partitions=2", name]
    subprocess.run(command, env={**os.environ, **environment(target, mark)}, check=True, capture_output=True)
    run(
        target,
        mark,
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO MARK_read",
        "REVOKE SELECT ON pgbench_history FROM MARK_read",
    )
    found = adopted(target, mark, name)
    assert found["roles"][f"{mark}_dev"] == {"login": True, "createdb": True, "keep_password": True}
    public = found["databases"][name]["schemas"]["public"]
    assert public["access"] == {f"{mark}_read": {"tables": ["select"]}}
    assert public["tables"] == {"pgbench_history": {f"{mark}_read": []}}


@pytest.mark.parametrize("migrate", [orm.migrate_django, orm.migrate_alembic])
def test_the_migrations_of_an_orm(migrate: Callable[..., None], target: Target, mark: str, tmp_path: Path) -> None:
    name = database(target, mark, "CREATE EXTENSION citext", "GRANT CREATE ON SCHEMA public TO MARK_dev")
    run(target, mark, "ALTER DEFAULT PRIVILEGES FOR ROLE MARK_dev IN SCHEMA public GRANT SELECT ON TABLES TO MARK_read")
    migrate(tmp_path, **environment(target, mark))
    found = adopted(target, mark, name)
    public = found["databases"][name]["schemas"]["public"]
    assert public["creators"] == [f"{mark}_dev"], found
    assert public["access"][f"{mark}_read"] == {"tables": ["select"]}
    assert "tables" not in public


def test_the_migrations_of_drizzle(target: Target, mark: str, tmp_path: Path) -> None:
    name = database(target, mark, "CREATE SCHEMA app AUTHORIZATION MARK_dev", "GRANT USAGE ON SCHEMA app TO MARK_read")
    drizzle.migrate(tmp_path, **environment(target, mark))
    run(target, mark, "GRANT SELECT ON ALL TABLES IN SCHEMA app TO MARK_read")
    schemas = adopted(target, mark, name)["databases"][name]["schemas"]
    assert sorted(schemas) == ["app", "drizzle"]
    assert schemas["app"]["access"] == {f"{mark}_read": {"schema": ["usage"], "tables": ["select"]}}


def test_what_we_made_ourselves(target: Target, mark: str) -> None:
    shop = Shop(target, mark)
    shop.apply()
    made = adopt_read.adopted(target, [shop.database], roles=f"^{mark}", origin="here")
    assert made.left == (), made.text
    found = yaml.safe_load(made.text)
    ours = found["databases"][shop.database]
    assert found["harden"] is True
    assert ours["rls"]["context"] == {"org": {"setting": "app.org", "type": "integer"}}
    tenant = ours["rls"]["tenant"]
    assert (tenant["column"], tenant["using"]) == ("org", "(org = :org)")
    assert set(tenant["see_all"]) == {f"{mark}_owner", f"{mark}_board"}
    assert list(tenant["exempt"]) == ["app.audit"]
    assert ours["schemas"]["app"]["tables"]["users"] == {f"{mark}_readers": {"select": ["id", "org"]}}
    # What was adopted brings back what is taken away by hand, so that the spec that it was made by finds nothing to do.
    shop.run("REVOKE SELECT ON app.orders FROM MARK_app", "DROP POLICY tenant_floor ON app.users")
    assert len(shop.plan()) == 2
    apply.apply_database(target, loads(made.text, "adopted.yaml").spec, shop.database, [], apply.Options())
    assert shop.plan() == []


@pytest.mark.parametrize("system", ["devmentor", "faevision", "pretamane", "nexpo"])
def test_our_own_systems(system: str, target: Target) -> None:
    """The specs under sql/, applied, adopted, and taken away again."""
    loaded = load(ROOT / "sql" / system / "access.yaml")
    spec = loaded.spec
    verifiers = {
        name: passwords.verifier("a password", key=b"only for these tests", role=name)
        for name, role in spec.every_role.items()
        if role.password
    }
    options = apply.Options()
    try:
        apply.apply_cluster(target, spec, verifiers, options)
        for name, each in spec.databases.items():
            found = scripts.read(ROOT / "sql" / system / place for place in each.sql)
            apply.apply_database(target, spec, name, found, options)
        made = adopt_read.adopted(target, list(spec.databases), roles=None, origin="here")
        assert made.left == (), made.text
        again = yaml.safe_load(made.text)
        assert again["harden"] is True
        assert bool(again["databases"][system].get("rls")) == bool(spec.databases[system].rls)
    finally:
        drop(target, spec)


def drop(target: Target, spec: Spec) -> None:
    with target.open(autocommit=True) as connection:
        for name in spec.databases:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        for name in spec.every_role:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


ODD = (
    "CREATE SCHEMA MARK_a AUTHORIZATION MARK_dev",
    'CREATE TABLE MARK_a."odd ""name""%" (id int, org uuid, "Ü" text)',
    'GRANT SELECT (id, "Ü"), INSERT (id) ON MARK_a."odd ""name""%" TO MARK_read',
    "GRANT USAGE ON SCHEMA MARK_a TO MARK_read",
    "CREATE TABLE MARK_a.passed (id int)",
    "GRANT SELECT ON MARK_a.passed TO MARK_read WITH GRANT OPTION",
    "SET ROLE MARK_read",
    "GRANT SELECT ON MARK_a.passed TO MARK_other",
    "RESET ROLE",
    "CREATE TABLE MARK_a.owned (id int, org uuid)",
    "ALTER TABLE MARK_a.owned OWNER TO MARK_other",
    "ALTER TABLE MARK_a.owned ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "CREATE POLICY only_using ON MARK_a.owned USING (org = current_setting('app.o')::uuid)",
    "CREATE POLICY mine ON MARK_a.owned FOR INSERT TO MARK_read WITH CHECK (id > 0 AND org IS NOT NULL)",
    "CREATE TABLE MARK_a.unforced (id int)",
    "ALTER TABLE MARK_a.unforced ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY p ON MARK_a.unforced USING (true)",
    "CREATE FUNCTION MARK_a.f(numeric, text[]) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "REVOKE EXECUTE ON FUNCTION MARK_a.f FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION MARK_a.f TO MARK_read",
    "CREATE FUNCTION MARK_a.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SEQUENCE MARK_a.s",
    "GRANT USAGE ON SEQUENCE MARK_a.s TO MARK_read",
    "CREATE DOMAIN MARK_a.d AS int",
    "REVOKE USAGE ON TYPE MARK_a.d FROM PUBLIC",
    "GRANT USAGE ON TYPE MARK_a.d TO MARK_other",
    "ALTER DEFAULT PRIVILEGES FOR ROLE MARK_dev IN SCHEMA MARK_a GRANT SELECT ON TABLES TO MARK_read",
    "ALTER DEFAULT PRIVILEGES FOR ROLE MARK_other IN SCHEMA MARK_a GRANT ALL ON TABLES TO MARK_read",
    "ALTER DEFAULT PRIVILEGES FOR ROLE MARK_dev REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    "GRANT MARK_read TO MARK_dev WITH ADMIN OPTION",
    "ALTER ROLE MARK_dev SET search_path = \"$user\", 'MARK_a'",
    "ALTER ROLE MARK_dev IN DATABASE MARK_db SET work_mem = '8MB'",
    "ALTER ROLE MARK_read VALID UNTIL '2031-02-03 04:05:06.7+02' CONNECTION LIMIT 7 NOINHERIT",
    "COMMENT ON ROLE MARK_other IS 'a \"comment\": # with ''marks''\nand two lines'",
    "GRANT TEMPORARY ON DATABASE MARK_db TO MARK_read WITH GRANT OPTION",
    "GRANT CREATE ON DATABASE MARK_db TO MARK_other",
    "CREATE MATERIALIZED VIEW MARK_a.m AS SELECT 1",
    "GRANT SELECT ON MARK_a.m TO PUBLIC",
    "CREATE SCHEMA MARK_closed",
    "CREATE FOREIGN DATA WRAPPER MARK_wrapper",
    "CREATE SERVER MARK_server FOREIGN DATA WRAPPER MARK_wrapper",
    "GRANT USAGE ON FOREIGN SERVER MARK_server TO MARK_read",
    "GRANT USAGE ON FOREIGN DATA WRAPPER MARK_wrapper TO MARK_read WITH GRANT OPTION",
    "SELECT lo_create(4711)",
    "GRANT SELECT ON LARGE OBJECT 4711 TO MARK_other, PUBLIC",
    "GRANT USAGE, CREATE ON SCHEMA MARK_closed TO MARK_read",
)


def test_what_a_spec_cannot_say_is_left_and_told(target: Target, mark: str) -> None:
    name = database(target, mark, *ODD)
    made = adopt_read.adopted(target, [name], roles=f"^{mark}", origin="here")
    assert made.left == (), made.text
    for said in (
        "with the right to pass it on",
        f"given by {mark}_read",
        f"row security of table {mark}_a.unforced is left as it is",
        "differ between",
    ):
        assert said in " ".join(made.text.replace("\n#  ", "").split()), said
    found = yaml.safe_load(made.text)
    a = found["databases"][name]["schemas"][f"{mark}_a"]
    assert a["mode"] == "report"
    assert a["tables"]['odd "name"%'][f"{mark}_read"] == {"insert": ["id"], "select": ["id", "Ü"]}
    assert a["access"][f"{mark}_read"]["functions"] == ["execute"]
    assert a["functions"] == {"f(integer)": {f"{mark}_read": []}}
    assert found["scope"]["mode"] == "report"
    assert found["databases"][name]["foreign_servers"] == {f"{mark}_server": {f"{mark}_read": ["usage"]}}
    assert found["databases"][name]["large_objects"] == {"4711": {f"{mark}_other": ["select"]}}
    assert "foreign_data_wrappers" not in found["databases"][name]
    assert found["databases"][name]["schemas"][f"{mark}_closed"]["mode"] == "strict"
    assert set(found["databases"][name]["lint"]["allow"]) >= {"definer-search-path", "bare-current-setting"}


def command(target: Target, *words: str) -> subprocess.CompletedProcess[str]:
    url = " ".join(f"{name}={value}" for name, value in target.words.items())
    environment = {**os.environ, "ACCESS_URL": url, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "components.access", *words], env=environment, capture_output=True, text=True, timeout=60
    )


def test_the_command_writes_a_file_that_checks_clean(target: Target, mark: str, tmp_path: Path) -> None:
    name = database(target, mark, "CREATE TABLE t (id int)", "GRANT ALL ON t TO MARK_read")
    file = tmp_path / "access.yaml"
    words = ("adopt", "--database", name, "--roles", f"^{mark}", "--output", str(file))
    done = command(target, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert command(target, "check", str(file)).returncode == 0
    again = command(target, *words)
    assert again.returncode == 1 and "is there already" in again.stderr
    wrong = command(target, "adopt", "--database", name + "x", "--roles", "^")
    assert wrong.returncode == 1 and f"did you mean {name}" in wrong.stderr and "Traceback" not in wrong.stderr
    assert command(target, "adopt", "--roles", "(").stderr.startswith("--roles '(' is no regular expression")
    run(target, mark, "REVOKE SELECT ON t FROM MARK_read")
    assert command(target, "check", str(file)).returncode == 2
