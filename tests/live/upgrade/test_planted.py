"""Each fault is planted on the real servers, found by name, and told with what to do; nothing else is said."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from components.access.session import Target
from components.upgrade import catalogue
from components.upgrade.look import Fault, look
from tests.live.access.scratch import majors, port, scratch_server
from tests.live.upgrade.planted import IN_DATABASE, OF_THE_SERVER, Planted

pytestmark = pytest.mark.live
OLD = [major for major in majors() if major < 18]
MORE = "wal_level = logical\nmax_prepared_transactions = 5\nautovacuum = off"
MANY = 20
NEW = 18
on_every_server = pytest.mark.parametrize(
    "server", OLD, indirect=True, scope="module", ids=[f"pg{major}" for major in OLD]
)


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[tuple[int, Path]]:
    with scratch_server(request.param, more=MORE) as folder:
        yield request.param, folder


def target(folder: Path, user: str = "postgres") -> Target:
    return Target.at(f"host={folder} port={port(folder)} user={user} dbname=postgres")


@contextmanager
def planted(folder: Path, faults: Iterable[Planted]) -> Iterator[dict[str, Planted]]:
    """Fresh databases by name, each with one of them."""
    made: dict[str, Planted] = {}
    with target(folder).open(autocommit=True) as connection:
        try:
            for fault in faults:
                name = f"u{secrets.token_hex(4)}"
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
                made[name] = fault
                _run(folder, name, fault.sql)
            yield made
        finally:
            for name, fault in reversed(made.items()):
                with suppress(psycopg.Error):
                    _run(folder, name, fault.clean)
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _run(folder: Path, database: str, statements: Iterable[str]) -> None:
    with target(folder).open(database, autocommit=True) as connection:
        connection.execute("SET search_path = public, pg_catalog; SET statement_timeout = '60s'")
        for statement in statements:
            connection.execute(statement.encode())


def told_rightly(found: Fault, fault: Planted) -> bool:
    return fault.said in str(found) and fault.cure in found.cure and found.stops is fault.stops


@on_every_server
def test_each_fault_in_a_database_is_named_with_its_cure(server: tuple[int, Path]) -> None:
    """All at once: 20 databases with a fault each, told of one by one and nothing else."""
    major, folder = server
    with planted(folder, [one for one in IN_DATABASE if major in one.majors]) as made:
        seen = {old: look(target(folder), old, NEW, MANY).faults for old in {major, 11, 13}}
    for name, fault in made.items():
        (found,) = [one for one in seen[fault.old or major] if one.database == name]
        assert told_rightly(found, fault), (fault.name, str(found))
    assert {one.database for faults in seen.values() for one in faults} == made.keys()


@on_every_server
def test_each_fault_of_the_server_is_named_with_its_cure(server: tuple[int, Path]) -> None:
    major, folder = server
    with planted(folder, [one for one in OF_THE_SERVER if major in one.majors]) as made:
        faults = look(target(folder), major, NEW).faults
    assert len(faults) == len(made)
    for fault in made.values():
        (found,) = [one for one in faults if fault.said in str(one)]
        assert told_rightly(found, fault), (fault.name, str(found))
        assert found.database is None


@on_every_server
def test_a_clean_server_is_told_nothing(server: tuple[int, Path]) -> None:
    major, folder = server
    usual = Planted(
        name="usual", said="", cure="",
        sql=("CREATE TABLE t (a integer NOT NULL, b regclass, c regtype, d regrole, e xml, f int4range)",
             "CREATE TABLE part (a integer NOT NULL, b text) PARTITION BY RANGE (a)",
             "CREATE TABLE part_1 PARTITION OF part DEFAULT",
             "CREATE VIEW v AS SELECT pid, query, backend_start FROM pg_stat_activity",
             "CREATE EXTENSION pg_trgm", "CREATE INDEX ON part USING gin (b gin_trgm_ops)",
             "CREATE AGGREGATE plus(integer) (SFUNC = int4pl, STYPE = integer)", "SELECT lo_create(0)"),
    )  # fmt: skip
    with planted(folder, [usual]):
        for new in range(major + 1, NEW + 1):
            assert look(target(folder), major, new).faults == ()


@on_every_server
def test_what_cannot_be_looked_into_is_said(server: tuple[int, Path]) -> None:
    """The administrator of RDS is no superuser; every question has to be one that it may ask."""
    major, folder = server
    usual = Planted(name="usual", said="", cure="", sql=())
    with planted(folder, [usual]) as made, target(folder).open(autocommit=True) as connection:
        (name,) = made
        connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        connection.execute("CREATE ROLE looker LOGIN")
        try:
            (found,) = look(target(folder, "looker"), major, 18).faults
        finally:
            connection.execute("DROP ROLE looker")
    assert str(found) == (
        f"database {name} was not looked into: this login may not connect to it; "
        f"GRANT CONNECT ON DATABASE {name} TO looker"
    )
    assert not found.stops


@on_every_server
def test_where_the_server_has_arrived_nothing_is_asked(server: tuple[int, Path]) -> None:
    major, folder = server
    with planted(folder, IN_DATABASE[:1]):
        seen = look(target(folder), major - 1, major)
    assert (seen.running, seen.databases, seen.faults) == (major, 0, ())


@on_every_server
def test_postgis_has_to_be_updated_first(server: tuple[int, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """An extension that is here stands for it: no server of ours has PostGIS."""
    major, folder = server
    monkeypatch.setattr(catalogue, "UPDATED_FIRST", ("pg_stat_statements",))
    behind = next(one for one in IN_DATABASE if one.name == "extension that is behind")
    with planted(folder, [behind]):
        (found,) = look(target(folder), major, 18).faults
    assert found.stops
    assert "has to be at its newest version first; ALTER EXTENSION pg_stat_statements UPDATE" in str(found)


@on_every_server
def test_nothing_but_questions_is_sent(server: tuple[int, Path]) -> None:
    _, folder = server
    begin = (folder / "log").stat().st_size
    look(target(folder), 11, 18)
    sent = re.findall(r"(?:statement|execute \S+): (\w+)", (folder / "log").read_text()[begin:])
    assert len(sent) > 40
    assert set(sent) <= {"SELECT", "WITH", "SET"}


def test_a_fault_prints_as_one_sentence() -> None:
    fault = Fault(stops=True, database="shop", object="column a of table t", why="is wrong", cure="drop it")
    assert str(fault) == "shop: column a of table t is wrong; drop it"
