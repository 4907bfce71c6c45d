"""pretamane: contacts by month, insights found by index, counters that only count up, and its thorny password."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import psycopg
import pytest
from psycopg import errors

from tests.live.seeds.logins import Login
from tests.live.seeds.test_faevision import UNINDEXED

Logins = dict[str, Login]
INSIGHTS: LiteralString = 'SELECT name FROM app.contact_submissions WHERE document_insights @> \'{"language": "ja"}\''


@pytest.mark.parametrize("direct", [False, True], ids=["pooled", "direct"])
def test_the_application_works_on_contacts_and_documents(pretamane: Logins, direct: bool) -> None:
    app = pretamane["pretamane_app"]
    assert app.ask(INSIGHTS, direct=direct) == [("Mya",)]
    insert: LiteralString = (
        "INSERT INTO app.contact_submissions (name, email, message) VALUES ('Min', 'min@pretamane.test', 'x') "
        "RETURNING id, updated_at"
    )
    [(contact, made_at)] = app.ask(insert, direct=direct)
    change: LiteralString = "UPDATE app.contact_submissions SET message = 'y' WHERE id = %s RETURNING updated_at"
    [(changed_at,)] = app.ask(change, contact, direct=direct)
    assert changed_at > made_at
    remove: LiteralString = "DELETE FROM app.contact_submissions WHERE id = %s RETURNING id"
    assert app.ask(remove, contact, direct=direct) == [(contact,)]


def test_insights_are_found_by_their_index(pretamane: Logins) -> None:
    with pretamane["pretamane_app"].session() as session, session.transaction():
        session.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in session.execute("EXPLAIN " + INSIGHTS))
    assert "document_insights_idx" in plan


def test_contacts_lie_in_the_partition_of_their_month(pretamane: Logins) -> None:
    query: LiteralString = "SELECT name, tableoid::regclass::text FROM app.contact_submissions"
    places: dict[str, str] = dict(pretamane["pretamane_migrator"].ask(query, direct=True))
    assert places["Old"] == "partitions.contact_submissions_default"
    assert places["Mya"] == places["Su"] != places["Old"]
    assert pretamane["pretamane_jobs"].ask("SELECT ops.make_partitions()") == []
    pretamane["pretamane_jobs"].ask("SELECT ops.nightly_maintenance()")


def test_visits_are_counted_exactly_by_many_at_once(pretamane: Logins) -> None:
    app = pretamane["pretamane_app"]
    page = "/test/home"

    def visit(_: int) -> int:
        return int(app.ask("SELECT app.count_visit(%s)", page)[0][0])

    with ThreadPoolExecutor(max_workers=8) as threads:
        counted = sorted(threads.map(visit, range(40)))
    assert counted == list(range(1, 41))
    assert app.ask("SELECT visits FROM app.website_visitors WHERE page = %s", page) == [(40,)]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("pretamane_app", "UPDATE app.website_visitors SET visits = 0"),
        ("pretamane_app", "SELECT * FROM partitions.contact_submissions_default"),
        ("pretamane_app", "SELECT ops.make_partitions()"),
        ("pretamane_app", "CREATE TABLE app.mine (i int)"),
        ("pretamane_jobs", "SELECT * FROM app.contact_submissions"),
        ("pretamane_jobs", "SELECT app.count_visit('/')"),
    ],
)
def test_denied(pretamane: Logins, role: str, statement: LiteralString) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        pretamane[role].ask(statement)


def test_reports_read_and_never_write(pretamane: Logins) -> None:
    reports = pretamane["pretamane_readonly"]
    assert reports.ask("SELECT count(*) FROM app.contact_submissions") == [(4,)]
    with pytest.raises(errors.ReadOnlySqlTransaction):
        reports.ask("DELETE FROM app.documents")
    with reports.session() as session, pytest.raises(errors.InsufficientPrivilege), session.transaction():
        session.execute("SET TRANSACTION READ WRITE")
        session.execute("DELETE FROM app.documents")


def test_every_foreign_key_has_an_index(pretamane: Logins) -> None:
    assert pretamane["pretamane_migrator"].ask(UNINDEXED, ["app"], direct=True) == []


@pytest.mark.parametrize("route", ["pooled", "direct", "read_only"])
def test_every_login_gets_in_by_its_url_and_psql_takes_it_as_it_stands(logins: Logins, route: str) -> None:
    for login in logins.values():
        if (url := getattr(login, route)) is None:
            pytest.skip("a scratch server has no replica")
        command = ["psql", "-X", "-A", "-t", "-c", "SELECT session_user, current_database()", url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert done.stdout.strip() == f"{login.role}|{login.database}", done.stderr


def test_no_login_gets_into_another_systems_database(logins: Logins) -> None:
    databases = {login.database for login in logins.values()}
    for login in logins.values():
        for other in databases - {login.database}:
            for url in (login.pooled, login.direct):
                foreign = Login(database=other, role=login.role, pooled=_at(url, other), direct=_at(url, other))
                with pytest.raises(psycopg.OperationalError, match=f'permission denied for database "{other}"'):
                    foreign.ask("SELECT 1")


def _at(url: str, database: str) -> str:
    """The same URL for another database: its path is what follows the last slash before the options."""
    base, mark, options = url.partition("?")
    return f"{base.rpartition('/')[0]}/{database}{mark}{options}"
