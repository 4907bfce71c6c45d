"""Apply on a real server: a second plan is empty, every drift made by hand is shown and repaired, rows stay apart."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest

from components.access.failures import AccessError
from components.access.session import Target
from tests.live.access.shop import Shop

pytestmark = pytest.mark.live


@pytest.fixture
def shop(target: Target, mark: str) -> Shop:
    return Shop(target, mark)


def test_a_second_plan_is_empty_and_a_second_apply_does_nothing(shop: Shop) -> None:
    shop.apply()
    assert shop.plan() == []
    assert [done.statements for done in shop.apply()] == [(), ()]


def test_what_the_preview_shows_is_what_runs_once_the_tables_are_there(shop: Shop) -> None:
    shop.apply()
    shop.run("DROP POLICY tenant_floor ON app.users", "GRANT DELETE ON app.users TO MARK_readers")
    shown = shop.plan()
    assert shown == [str(statement) for done in shop.apply() for statement in done.statements]
    assert len(shown) == 2


DRIFTS = {
    "role attribute": 'ALTER ROLE "MARK_report" CREATEDB',
    "nologin": 'ALTER ROLE "MARK_app" NOLOGIN',
    "connection limit": 'ALTER ROLE "MARK_app" CONNECTION LIMIT 99',
    "valid until": "ALTER ROLE \"MARK_report\" VALID UNTIL '2030-01-01'",
    "never valid until": "ALTER ROLE \"MARK_app\" VALID UNTIL '2030-01-01'",
    "changed password": "ALTER ROLE \"MARK_app\" PASSWORD 'something else entirely'",
    "lost password": 'ALTER ROLE "MARK_app" PASSWORD NULL',
    "password where none is declared": "ALTER ROLE \"MARK_report\" PASSWORD 'something else entirely'",
    "role comment": "COMMENT ON ROLE \"MARK_owner\" IS 'other'",
    "role setting": "ALTER ROLE \"MARK_app\" SET statement_timeout = '1h'",
    "undeclared role setting": "ALTER ROLE \"MARK_readers\" SET work_mem = '1GB'",
    "list setting": 'ALTER ROLE "MARK_app" SET search_path = evil, app',
    "setting in the database": 'ALTER ROLE "MARK_app" IN DATABASE "MARK_shop" SET work_mem = \'1GB\'',
    "membership lost": 'REVOKE "MARK_readers" FROM "MARK_report"',
    "membership won": 'GRANT "MARK_owner" TO "MARK_app"',
    "admin of a membership": 'GRANT "MARK_readers" TO "MARK_report" WITH ADMIN OPTION',
    "database owner": 'ALTER DATABASE "MARK_shop" OWNER TO postgres',
    "connect for all": 'GRANT CONNECT ON DATABASE "MARK_shop" TO PUBLIC',
    "connect lost": 'REVOKE CONNECT ON DATABASE "MARK_shop" FROM "MARK_app"',
    "schema owner": "ALTER SCHEMA app OWNER TO postgres",
    "schema create": 'GRANT CREATE ON SCHEMA app TO "MARK_app"',
    "table grant": 'GRANT SELECT, TRUNCATE ON app.audit TO "MARK_readers"',
    "table grant option": 'GRANT SELECT ON app.orders TO "MARK_app" WITH GRANT OPTION',
    "table revoke": 'REVOKE SELECT ON app.orders FROM "MARK_app"',
    "public grant": "GRANT SELECT ON app.orders TO PUBLIC",
    "view grant": 'GRANT DELETE ON app.totals TO "MARK_readers"',
    "column grant": 'GRANT SELECT (secret) ON app.users TO "MARK_readers"',
    "column revoke": 'REVOKE SELECT (org) ON app.users FROM "MARK_readers"',
    "table grant over columns": 'GRANT SELECT ON app.users TO "MARK_readers"',
    "undeclared role of the scope": 'CREATE ROLE "MARK_x"; GRANT SELECT ON app.orders TO "MARK_x"',
    "sequence": 'GRANT UPDATE ON SEQUENCE app.users_id_seq TO "MARK_app"',
    "function for all": "GRANT EXECUTE ON FUNCTION app.twice TO PUBLIC",
    "function lost": 'REVOKE EXECUTE ON FUNCTION app.twice FROM "MARK_app"',
    "default privileges won": 'ALTER DEFAULT PRIVILEGES FOR ROLE "MARK_owner" IN SCHEMA app GRANT DELETE ON TABLES TO "MARK_readers"',  # noqa: E501
    "default privileges lost": 'ALTER DEFAULT PRIVILEGES FOR ROLE "MARK_owner" IN SCHEMA app REVOKE SELECT ON TABLES FROM "MARK_app"',  # noqa: E501
    "default privileges in every schema": 'ALTER DEFAULT PRIVILEGES FOR ROLE "MARK_owner" GRANT SELECT ON TABLES TO "MARK_readers"',  # noqa: E501
    "default execute for all": 'ALTER DEFAULT PRIVILEGES FOR ROLE "MARK_owner" GRANT EXECUTE ON FUNCTIONS TO PUBLIC',
    "default privileges of a stranger": 'ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT ALL ON TABLES TO "MARK_app"',
    "row security off": "ALTER TABLE app.users DISABLE ROW LEVEL SECURITY",
    "row security not forced": "ALTER TABLE app.users NO FORCE ROW LEVEL SECURITY",
    "policy dropped": "DROP POLICY tenant_floor ON app.orders",
    "policy loosened": "ALTER POLICY tenant_floor ON app.orders USING (true)",
    "policy for more roles": "ALTER POLICY see_all_select ON app.orders TO PUBLIC",
    "policy of another kind": "DROP POLICY tenant_floor ON app.users; CREATE POLICY tenant_floor ON app.users USING (true)",  # noqa: E501
    "policy added": "CREATE POLICY hole ON app.users USING (true)",
    "policy on a view's table renamed": "ALTER POLICY tenant_rows ON app.users RENAME TO other",
    "table added with the tenant column": 'SET ROLE "MARK_owner"; CREATE TABLE app.new (org int PRIMARY KEY); RESET ROLE',  # noqa: E501
    "extension moved": "ALTER EXTENSION pgcrypto SET SCHEMA app",
}


@pytest.mark.parametrize("change", DRIFTS.values(), ids=DRIFTS.keys())
def test_drift_is_shown_and_repaired(shop: Shop, change: str) -> None:
    shop.apply()
    shop.run(change)
    shop.allow = frozenset({"moves-extension"})
    assert shop.plan() != []
    shop.apply()
    assert shop.plan() == []


def test_rights_outside_the_scope_are_told_and_kept(shop: Shop) -> None:
    shop.apply()
    shop.run("GRANT SELECT ON app.orders TO pg_monitor", 'GRANT "MARK_readers" TO pg_monitor')
    assert shop.plan() == []
    done = shop.apply()
    assert any("pg_monitor, who is outside the scope" in note for one in done for note in one.notes)
    assert any("pg_monitor is a member of" in note for one in done for note in one.notes)
    shop.run("REVOKE SELECT ON app.orders FROM pg_monitor", 'REVOKE "MARK_readers" FROM pg_monitor')


@pytest.mark.parametrize("mode, expected", [("add", 0), ("report", 1)])
def test_other_modes_revoke_nothing(shop: Shop, mode: str, expected: int) -> None:
    shop.text = shop.text.replace('"^MARK_" }', f'"^MARK_", mode: {mode} }}')
    shop.apply()
    shop.run('GRANT TRUNCATE ON app.orders TO "MARK_app"', "CREATE POLICY more ON app.users USING (true)")
    assert shop.plan() == []
    notes = [note for done in shop.apply() for note in done.notes if f"mode {mode}" in note]
    assert bool(notes) is bool(expected), notes


def test_rows_of_tenants_stay_apart(shop: Shop) -> None:
    shop.apply()
    count = "SELECT count(*) FROM app.users"
    assert shop.rows(count, role="app", org="1") == [(2,)]
    assert shop.rows(count, role="app", org="2") == [(1,)]
    assert shop.rows(count, role="app") == [(0,)]
    assert shop.rows(count, role="app", org="") == [(0,)]
    assert shop.rows(count, role="owner") == [(3,)]
    assert shop.rows("SELECT count(id) FROM app.users", role="report", org="1") == [(2,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        shop.rows("SELECT secret FROM app.users", role="report", org="1")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        shop.rows("INSERT INTO app.users (org) VALUES (2) RETURNING 1", role="app", org="1")
    shop.run('CREATE POLICY wide ON app.users FOR SELECT TO "MARK_app" USING (true)')
    assert shop.rows(count, role="app", org="1") == [(2,)], "the floor holds whatever is added by hand"


def test_new_objects_of_the_owner_are_born_with_their_rights(shop: Shop) -> None:
    shop.apply()
    shop.run('SET ROLE "MARK_owner"', "CREATE TABLE app.later (n int)", "CREATE FUNCTION app.f() RETURNS int RETURN 1")
    assert shop.rows("SELECT count(*) FROM app.later", role="report") == [(0,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        shop.rows("SELECT app.f()", role="report")


def test_tables_that_are_not_there_yet_are_pending(shop: Shop) -> None:
    shop.tables = ""
    done = shop.apply()
    assert any("table app.audit is not there yet" in note for note in done[1].pending)
    assert shop.plan() == []
    shop.run('SET ROLE "MARK_owner"', "CREATE TABLE app.users (id int, org int PRIMARY KEY, secret text)")
    assert [statement.split()[0] for statement in shop.plan()] == ["CREATE"] * 4 + ["ALTER", "REVOKE", "GRANT"]
    shop.apply()
    assert shop.plan() == []


NAMES = ['a"b', "a b", "a'b", "a;DROP ROLE postgres;--", "%s", "{}", "é漢", "a.b", "x" * 40, "select", "A", "\\", "$1"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_only_a_name(target: Target, mark: str, name: str) -> None:
    quoted = f"{mark}_{name}".replace("'", "''")
    text = f"""
version: 1
harden: true
roles:
  '{quoted}_o': {{comment: '{quoted}'}}
  '{quoted}_g': {{}}
  '{quoted}': {{login: true, settings: {{application_name: '{quoted}'}}, member_of: ['{quoted}_g']}}
databases:
  '{quoted}_shop':
    owner: '{quoted}_o'
    connect: ['{quoted}']
    schemas:
      '{quoted}':
        access: {{'{quoted}': {{schema: [usage], tables: [select]}}}}
        tables: {{'{quoted}': {{'{quoted}': {{select: ['{quoted}']}}}}}}
    rls:
      tables:
        '{quoted}.t': {{'{quoted}': {{to: ['{quoted}'], using: "true"}}}}
"""
    if "." in name:
        text = text.split("    rls:")[0]
    identifier = f"{mark}_{name}".replace('"', '""')
    tables = f"""
CREATE TABLE "{identifier}"."{identifier}" ("{identifier}" int);
CREATE TABLE "{identifier}".t (n int);
CREATE FUNCTION "{identifier}"."{identifier}"("{identifier}" int) RETURNS int LANGUAGE sql AS 'SELECT 1';
"""
    shop = Shop(target, f"{mark}_{name}", text, tables)
    # The owner of the policy's table sees nothing without see_all: said, so that the lint is content.
    shop.text = shop.text.replace(
        "    rls:\n", f"    rls:\n      see_all: {{'{quoted}_o': {{why: migrations under FORCE}}}}\n"
    )
    shop.apply()
    assert shop.plan() == []


def test_a_wrong_expression_is_told_in_postgresqls_words_and_nothing_happens(shop: Shop) -> None:
    shop.text = shop.text.replace('"org = :org"', '"orgg = :org"')
    with pytest.raises(AccessError, match=r'tenant_floor of app.orders, .*: PostgreSQL says: column "orgg" does not'):
        shop.apply()
    with shop.admin() as connection:
        assert connection.execute("SELECT FROM pg_namespace WHERE nspname = 'app'").fetchone() is None


def test_an_expression_cannot_bring_a_second_statement(shop: Shop) -> None:
    shop.text = shop.text.replace('"org = :org"', '"true); CREATE ROLE evil; --"')
    with pytest.raises(AccessError, match=r"cannot insert multiple commands|syntax error"):
        shop.apply()


def test_an_extension_that_is_not_to_be_had_is_told_before_anything_is_touched(shop: Shop) -> None:
    shop.text = shop.text.replace("pgcrypto: {", "no_such_thing: { optional: false }, pgcrypto: {")
    with pytest.raises(AccessError, match="extension no_such_thing: this server's packages do not have it"):
        shop.apply()
    with shop.target.open() as connection:
        like = f"{shop.mark}%"
        assert connection.execute("SELECT FROM pg_roles WHERE rolname LIKE %s", [like]).fetchone() is None


def test_taking_connect_from_a_role_with_sessions_must_be_allowed(shop: Shop) -> None:
    shop.apply()
    shop.text = shop.text.replace("connect: [MARK_app, ", "connect: [")
    words = {**shop.target.words, "user": f"{shop.mark}_app", "dbname": shop.database}
    with psycopg.connect(**words, autocommit=True):
        with pytest.raises(AccessError, match="cuts-off-sessions"):
            shop.apply()
        shop.allow = frozenset({"cuts-off-sessions"})
        shop.apply()
    assert shop.plan() == []


def test_no_verifier_is_in_the_servers_log(shop: Shop, server: Path) -> None:
    shop.passwords["app"] = "a password to be looked for"
    shop.apply()
    shop.passwords["app"] = "another password to be looked for"
    shop.apply()
    log = (server / "log").read_text()
    assert "CREATE SCHEMA" in log, "the log does hold statements"
    assert not any(verifier.reveal() in log for verifier in shop.verifiers.values())
    assert not any("SCRAM-SHA-256$" in line for line in log.splitlines() if shop.mark in line)
    assert "to be looked for" not in log
    with shop.target.open() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
        kept = [str(text) for (text,) in connection.execute("SELECT query FROM public.pg_stat_statements")]
        connection.rollback()
    mine = [text for text in kept if shop.mark in text]
    assert any("CREATE SCHEMA" in text for text in mine), "it does keep statements"
    assert not any("SCRAM-SHA-256$" in text or "to be looked for" in text for text in mine)


@pytest.mark.parametrize("seed", range(6))
def test_any_mixture_of_drifts_is_repaired_at_once(shop: Shop, seed: int) -> None:
    shop.apply()
    shop.allow = frozenset({"moves-extension"})
    chosen = random.Random(seed).sample(sorted(DRIFTS.values()), 8)
    for change in chosen:
        try:
            shop.run(change)
        except psycopg.Error:
            continue  # what an earlier change took away cannot be changed again
    shop.apply()
    assert shop.plan() == [], chosen


def test_closing_a_database_to_public_with_sessions_in_it_must_be_allowed(shop: Shop) -> None:
    """The pain of others: harden cuts a login off that nobody thought of, while it works."""
    harden = shop.text
    shop.text = harden.replace("harden: true", "harden: false")
    shop.apply()
    shop.run('CREATE ROLE "MARK_x" LOGIN', 'GRANT CONNECT ON DATABASE "MARK_shop" TO PUBLIC')
    shop.text = harden
    working = psycopg.connect(**{**shop.target.words, "user": f"{shop.mark}_x", "dbname": shop.database})
    with working, pytest.raises(AccessError, match="cuts-off-sessions"):
        shop.apply()
    shop.apply()
    assert shop.plan() == []
