"""why and matrix against the server's own has_*_privilege, and against what a role really reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import psycopg
import pytest

from components.access import effective_read
from components.access.effective_matrix import matrix
from components.access.effective_rows import Rows, rows
from components.access.model import Object
from components.access.session import Target
from components.access.why import why
from tests.live.access.shop import Shop
from tests.live.access_adopt.test_adopt import ODD, command, database

pytestmark = pytest.mark.live

ASKED = {
    "database": "has_database_privilege(%(role)s, %(name)s, %(word)s)",
    "schema": "has_schema_privilege(%(role)s, %(name)s, %(word)s)",
    "sequence": "has_sequence_privilege(%(role)s, %(quoted)s, %(word)s)",
    "routine": "has_function_privilege(%(role)s, %(quoted)s, %(word)s)",
    "type": "has_type_privilege(%(role)s, %(quoted)s, %(word)s)",
    "foreign data wrapper": "has_foreign_data_wrapper_privilege(%(role)s, %(name)s, %(word)s)",
    "foreign server": "has_server_privilege(%(role)s, %(name)s, %(word)s)",
    "table": "has_table_privilege(%(role)s, %(quoted)s, %(word)s)",
}
MORE = (
    "GRANT pg_read_all_data TO MARK_other",
    "CREATE ROLE MARK_third LOGIN",
    "GRANT MARK_other TO MARK_third",
    "GRANT MARK_dev TO MARK_read",
    "CREATE ROLE MARK_top NOINHERIT",
    "GRANT MARK_third TO MARK_top",
)


def quoted(item: Object) -> str:
    plain = ".".join('"' + part.replace('"', '""') + '"' for part in (item.schema, item.name) if part)
    return f"{plain}({item.detail})" if item.kind == "routine" else plain


@pytest.fixture
def target_db(target: Target, mark: str) -> Iterator[Target]:
    # MARK_read is a member of MARK_dev here, so the other way round must not be.
    odd = [one for one in ODD if not one.startswith("GRANT MARK_read TO MARK_dev")]
    name = database(target, mark, *odd, *MORE)
    yield Target(words={**target.words, "dbname": name}, maintenance=name)


def test_every_answer_is_the_servers_own(target_db: Target, mark: str) -> None:
    found = effective_read.read(target_db)
    everyone = [*(f"{mark}_{each}" for each in ("dev", "read", "other", "third", "top")), "postgres", "pg_monitor"]
    asked = yes = 0
    with target_db.open() as connection:
        for item in found.ground.access.owners:
            if item.kind in ("column", "large object"):  # which has no such function before PostgreSQL 18
                continue
            for word in found.ground.privileges(item):
                for role in everyone:
                    ask = ASKED.get(item.kind, ASKED["table"])
                    values = {"role": role, "name": item.name, "quoted": quoted(item), "word": word}
                    row = connection.execute(f"SELECT {ask}".encode(), values).fetchone()
                    assert row is not None
                    assert bool(found.ground.reasons(role, item, word)) is row[0], (role, item, word)
                    asked, yes = asked + 1, yes + row[0]
    assert asked > 300 and 0.1 < yes / asked < 0.9


def test_the_matrix_is_the_same_answers(target_db: Target, mark: str) -> None:
    found = effective_read.read(target_db)
    roles = [f"{mark}_{each}" for each in ("dev", "read", "other")]
    cells = {
        (cell.role, cell.kind, cell.object, cell.privilege)
        for cell in matrix(found.ground, found.facts, roles, frozenset({f"{mark}_a"}))
        if not cell.columns
    }
    expected = {
        (role, item.kind, str(item), word)
        for role in roles
        for item in found.ground.access.owners
        if item.kind != "column"
        and (item.schema == f"{mark}_a" or (not item.schema and item.name not in ("public", f"{mark}_closed")))
        for word in found.ground.privileges(item)
        if found.ground.reasons(role, item, word) and not found.ground.shut(role, item)
    }
    assert cells == expected


def test_rows_are_what_a_role_really_sees(target: Target, mark: str) -> None:
    shop = Shop(target, mark)
    shop.apply()
    shop.run(
        "INSERT INTO app.orders VALUES (1, 1), (2, 2)",
        "CREATE TABLE app.shut (org int)",
        "INSERT INTO app.shut VALUES (1)",
        "ALTER TABLE app.shut ENABLE ROW LEVEL SECURITY",
        "GRANT SELECT ON app.shut TO MARK_app",
        "CREATE VIEW app.past AS SELECT * FROM app.orders",
        "GRANT SELECT ON app.past TO MARK_app",
    )
    found = effective_read.read(Target(words={**target.words, "dbname": shop.database}, maintenance=shop.database))
    for role, table, state, seen in (
        ("app", "orders", Rows.COND, 0),
        ("app", "shut", Rows.DENIED, 0),
        ("board", "orders", Rows.OPEN, 2),
        ("owner", "orders", Rows.OPEN, 2),
        ("app", "audit", Rows.OPEN, None),
    ):
        answer = rows(found.ground, found.facts, f"{mark}_{role}", Object("table", "app", table), "SELECT")
        assert answer is not None and answer.state is state, (role, table, answer)
        if seen is not None and role != "board":
            assert shop.rows(f"SELECT count(*) FROM app.{table}", role=role) == [(seen,)]
    assert shop.rows("SELECT count(*) FROM app.orders", role="app", org="1") == [(1,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        shop.rows("SELECT count(*) FROM app.orders", role="board")  # a policy is no right
    board = why(found.ground, found.facts, f"{mark}_board", "app.orders", "select")
    assert not board.may and board.rows is None
    view = rows(found.ground, found.facts, f"{mark}_app", Object("view", "app", "past"), "SELECT")
    assert view is not None and view.state is Rows.OPEN and "owner" in view.why


def test_the_commands(target_db: Target, mark: str) -> None:
    yes = command(target_db, "why", f"{mark}_read", f"{mark}_a.passed", "select")
    assert yes.returncode == 0, yes.stderr
    assert yes.stdout.splitlines()[0] == f"yes: {mark}_read may SELECT table {mark}_a.passed"
    assert "by postgres, and may pass it on" in yes.stdout
    through = command(target_db, "why", f"{mark}_top", f"{mark}_a.passed", "select", "--json")
    told = json.loads(through.stdout)
    assert through.returncode == 2 and told["may"] is False
    assert told["hints"][0].startswith(f"after SET ROLE {mark}_")
    wrong = command(target_db, "why", f"{mark}_reed", f"{mark}_a.pased", "selekt")
    assert wrong.returncode == 1 and wrong.stdout == ""
    for said in (f"did you mean {mark}_read", f"did you mean {mark}_a.passed", "did you mean"):
        assert said in wrong.stderr, wrong.stderr
    shown = command(target_db, "matrix", "--csv", "--schema", f"{mark}_a", "--roles", f"^{mark}")
    cells = list(csv.DictReader(io.StringIO(shown.stdout)))
    assert {cell["rows"] for cell in cells} >= {"OPEN", "COND", "-"}
    assert any(cell["columns"] == "Ü,id" or cell["columns"] == "id,Ü" for cell in cells)
    assert command(target_db, "matrix").stdout.startswith("role ")
