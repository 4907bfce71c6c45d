"""How the server prints the expressions of row policies: asked all at once, told apart when one is refused."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from components.access import twins
from components.access.model import Table
from components.access.row_policies import Twin
from components.access.session import Connection, Target

pytestmark = pytest.mark.live
TABLES = """
CREATE SCHEMA {0}a; CREATE TABLE {0}a.same (id int, org uuid);
CREATE SCHEMA {0}b; CREATE TABLE {0}b.same (name text); CREATE TABLE {0}b.other (id int);
"""


@pytest.fixture
def connection(target: Target, mark: str) -> Iterator[Connection]:
    """With three tables, two of which have one name; nothing of it stays."""
    with target.open() as opened:
        opened.execute(TABLES.format(mark))
        yield opened
        opened.rollback()


def twin(schema: str, table: str, using: str | None, check: str | None = None) -> Twin:
    return Twin(table=Table(schema, table), columns=None, using=using, check=check)


def test_each_is_printed_as_its_own_table_has_it(connection: Connection, mark: str) -> None:
    asked = [
        twin(f"{mark}a", "same", "id=1", "org IS NULL"),
        twin(f"{mark}b", "same", "name='x'"),
        twin(f"{mark}a", "same", None, "id>2"),
        twin(f"{mark}b", "other", "id in (select same.id from pg_temp.other same)"),
    ]
    printed = twins.printed(connection, asked)

    assert [printed[one.key] for one in asked[:3]] == [
        ("(id = 1)", "(org IS NULL)"),
        ("(name = 'x'::text)", None),
        (None, "(id > 2)"),
    ]
    assert connection.execute("SELECT to_regclass('pg_temp.same')").fetchone() == (None,)
    assert connection.execute("SHOW search_path").fetchone() == ("pg_catalog",)


@pytest.mark.parametrize("wrong", ["nothere = 1", "id = 1) WITH CHECK (true); DROP TABLE other; SELECT (1"])
def test_what_one_has_wrong_is_told_of_that_one(connection: Connection, mark: str, wrong: str) -> None:
    good, bad = twin(f"{mark}a", "same", "id=1"), twin(f"{mark}b", "other", wrong)
    printed = twins.printed(connection, [good, bad])

    assert printed[good.key] == ("(id = 1)", None)
    assert str(printed[bad.key]).startswith("PostgreSQL says: ")
    assert connection.execute(f"SELECT FROM {mark}b.other").rowcount == 0


def test_an_expression_does_not_find_the_twin_of_another_table(connection: Connection, mark: str) -> None:
    """Unqualified it names no table of the database, whatever else is asked at the same time."""
    others, own = twin(f"{mark}a", "same", "id=1"), twin(f"{mark}b", "other", "id IN (SELECT id FROM same)")
    assert 'relation "same" does not exist' in str(twins.printed(connection, [others, own])[own.key])


def test_a_server_in_trouble_is_no_complaint(connection: Connection, mark: str) -> None:
    """Which would be told as somebody's mistake in a spec."""
    connection.execute("SET LOCAL statement_timeout = '1ms'")
    with pytest.raises(psycopg.OperationalError):
        twins.printed(connection, [twin(f"{mark}a", "same", " OR ".join(f"id = {n}" for n in range(20_000)))])
