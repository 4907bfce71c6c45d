"""Scripts on a real server: whose they are, what a failure says and leaves, and what the journal knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from components.access import run_scripts, scripts
from components.access.scripts import Script, ScriptError
from tests.live.seeds.scratch import Scratch, scratch

pytestmark = pytest.mark.live
OWNER = "shop owner"
MAKE = Script(name="001_make.sql", text="CREATE TABLE goods (id int PRIMARY KEY);\nINSERT INTO goods VALUES (1);\n")
Connection = psycopg.Connection


@pytest.fixture(scope="module")
def server() -> Iterator[Scratch]:
    with scratch() as made:
        with psycopg.connect(made.admin(), autocommit=True) as connection:
            connection.execute(f'CREATE ROLE "{OWNER}"')
        yield made


@pytest.fixture
def connection(server: Scratch) -> Iterator[Connection]:
    """To an empty database of the owner's."""
    with psycopg.connect(server.admin(), autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS shop")
        admin.execute(f'CREATE DATABASE shop OWNER "{OWNER}"')
    with psycopg.connect(server.admin("shop")) as made:
        yield made


def one(connection: Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def failure_of(connection: Connection, text: str) -> str:
    with pytest.raises(ScriptError) as caught:
        run_scripts.run(connection, [MAKE, Script(name="002_bad.sql", text=text, file="sql/002_bad.sql")], OWNER)
    connection.rollback()
    return str(caught.value)


def test_a_script_runs_as_the_owner_once(connection: Connection) -> None:
    assert run_scripts.applied(connection) == {}
    reported: list[str] = []
    run_scripts.run(connection, [MAKE], OWNER, reported.append)
    connection.commit()
    assert reported == ["001_make.sql"]
    assert one(connection, "SELECT tableowner FROM pg_tables WHERE tablename = 'goods'") == OWNER
    assert one(connection, "SELECT current_user || current_setting('role')") == "postgresnone"
    journal = run_scripts.applied(connection)
    assert journal == {"001_make.sql": MAKE.sha256}
    assert scripts.pending([MAKE], journal) == scripts.Pending()
    query = "SELECT applied_by || (applied_at > now() - interval '1 minute') FROM postgres_platform.script_journal"
    assert one(connection, query) == "postgrestrue"


def test_a_repeated_script_replaces_its_line_in_the_journal(connection: Connection) -> None:
    for number in (1, 2):
        view = Script(name="R__v.sql", text=f"CREATE OR REPLACE VIEW v AS SELECT {number} AS n")
        assert scripts.pending([view], run_scripts.applied(connection)).run == (view,)
        run_scripts.run(connection, [view], OWNER)
        connection.commit()
        assert one(connection, "SELECT n FROM v") == number
        assert run_scripts.applied(connection) == {"R__v.sql": view.sha256}


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("SELECT 1;\n\nSELEC 2;", 3, 'syntax error at or near "SELEC"'),
        ("SELECT 'é漢🐘';\nSELECT\n nosuch", 3, 'column "nosuch" does not exist'),
        ("-- twice\nSELECT 1;\nINSERT INTO goods\nVALUES (1);", 3, "duplicate key.*Key \\(id\\)=\\(1\\)"),
        (
            "SELECT 1; SELECT 2;\nDO $$ BEGIN\n RAISE EXCEPTION 'no; way'; END $$",
            2,
            "no; way.*inline_code_block line 2",
        ),
        ("CREATE ROLE mine", 1, "permission denied to create role"),
        ("SELECT * FROM postgres_platform.script_journal", 1, "permission denied for schema postgres_platform"),
    ],
)
def test_a_failure_names_file_line_and_reason_and_leaves_nothing(
    connection: Connection, text: str, line: int, part: str
) -> None:
    message = failure_of(connection, text)
    assert message.startswith(f"sql/002_bad.sql:{line}: PostgreSQL says: ")
    assert re.search(part, message)
    assert re.search(r"SQLSTATE: [0-9A-Z]{5}", message)
    assert (
        one(connection, "SELECT to_regclass('goods') IS NULL AND to_regnamespace('postgres_platform') IS NULL") is True
    )


def test_settings_of_one_script_do_not_reach_the_next(connection: Connection) -> None:
    lost = Script(name="001_lost.sql", text="SET LOCAL search_path = ''; CREATE TABLE public.a (i int)")
    found = Script(name="002_found.sql", text="CREATE TABLE b (i int)")
    run_scripts.run(connection, [lost, found], OWNER)
    connection.commit()
    assert one(connection, "SELECT tableowner FROM pg_tables WHERE tablename = 'b'") == OWNER
    assert one(connection, "SHOW search_path") == '"$user", public'


def test_placeholders_and_percent_signs_are_only_text(connection: Connection) -> None:
    odd = Script(name="001_odd.sql", text="SELECT '%s %(a)s %', $$ $1 ? $$;")
    run_scripts.run(connection, [odd], OWNER)


def test_without_a_transaction_nothing_runs(server: Scratch) -> None:
    with (
        psycopg.connect(server.admin(), autocommit=True) as connection,
        pytest.raises(ValueError, match="need an open transaction"),
    ):
        run_scripts.run(connection, [MAKE], OWNER)


def test_a_script_apart_can_fail_half_way_and_finish_later(connection: Connection) -> None:
    run_scripts.run(connection, [MAKE], OWNER)
    connection.commit()
    connection.autocommit = True
    text = (
        f"{scripts.NO_TRANSACTION}\nDROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON goods (id);\n"
    )
    bad = Script(name="002_index.sql", text=text + "\nSELECT\n nosuch;\n", file="sql/002_index.sql")
    with pytest.raises(ScriptError, match=r'sql/002_index\.sql:6: PostgreSQL says: column "nosuch" does not exist'):
        run_scripts.run_apart(connection, bad, OWNER)
    assert one(connection, "SELECT current_user") == "postgres"
    assert run_scripts.applied(connection).keys() == {"001_make.sql"}

    good = Script(name="002_index.sql", text=text)
    run_scripts.run_apart(connection, good, OWNER)
    assert one(connection, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") is True
    assert one(connection, "SELECT tableowner FROM pg_tables WHERE tablename = 'goods'") == OWNER
    assert run_scripts.applied(connection)["002_index.sql"] == good.sha256


def test_apart_needs_autocommit(connection: Connection) -> None:
    with pytest.raises(ValueError, match="autocommit"):
        run_scripts.run_apart(connection, MAKE, OWNER)
