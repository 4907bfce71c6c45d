"""corporate_intel on Debian 13's PostgreSQL 17: chunks, hourly figures, retention, vectors; and where it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

import pytest
from psycopg import errors

from components.access import preview, scripts, verify
from components.access.failures import AccessError
from components.access.session import Target
from components.access.spec import load
from tests.live.seeds.conftest import THORNY, administrator_of, apply_once, by_the_access_layer, logins_of, secrets_of
from tests.live.seeds.logins import ROOT, Login, load_fixture
from tests.live.seeds.scratch import Scratch
from tests.live.seeds.test_faevision import UNINDEXED

FILE = ROOT / "sql" / "corporate_intel" / "access.yaml"
SPEC = load(FILE).spec
SECRETS = {secret: secret + THORNY for secret in secrets_of(SPEC).values()}
A = "cccccccc-0000-4000-8000-000000000001"
Logins = dict[str, Login]


@pytest.fixture(scope="module")
def applied(debian_13: Scratch) -> Scratch:
    """Twice; the second time there is nothing left to do."""
    by_the_access_layer(FILE, SECRETS, debian_13)
    return debian_13


@pytest.fixture(scope="module")
def intel(applied: Scratch) -> Iterator[Logins]:
    """With two companies in it."""
    logins = {login.role: login for login in logins_of(applied, SPEC, SECRETS)}
    load_fixture(logins, "corporate_intel", "two_companies.sql")
    yield logins
    logins["corporate_intel_migrator"].ask("DELETE FROM app.companies WHERE ticker LIKE 'TEST%%'", direct=True)


def test_every_promise_of_the_spec_holds(applied: Scratch) -> None:
    outcomes = verify.verify(administrator_of(applied), load(FILE), FILE.parent)
    assert len(outcomes) >= 15
    assert [one for one in outcomes if not one.passed] == []


@pytest.mark.parametrize("direct", [False, True], ids=["pooled", "direct"])
def test_metrics_lie_in_chunks_of_a_week(intel: Logins, direct: bool) -> None:
    app = intel["corporate_intel_app"]
    insert: LiteralString = (
        "INSERT INTO app.metrics (time, company_id, metric_type, value) "
        "SELECT now() - make_interval(weeks => w), %s, 'weekly', w FROM generate_series(10, 14) AS w"
    )
    app.ask(insert, A, direct=direct)
    chunks: LiteralString = "SELECT count(DISTINCT tableoid) FROM app.metrics WHERE metric_type = 'weekly'"
    remove: LiteralString = "DELETE FROM app.metrics WHERE metric_type = 'weekly' RETURNING value"
    try:
        assert app.ask(chunks) == [(5,)]
    finally:
        assert len(app.ask(remove, direct=direct)) == 5


def test_the_hourly_figures_are_right_after_the_job(intel: Logins) -> None:
    intel["corporate_intel_jobs"].ask("SELECT ops.refresh_hourly_metrics()")
    query: LiteralString = (
        "SELECT count(*), min(least), max(greatest), sum(measured)::int FROM app.metrics_hourly "
        "WHERE company_id = %s AND metric_type = 'test price'"
    )
    assert intel["corporate_intel_analyst"].ask(query, A) == [(48, 101, 148, 48)]


def test_old_metrics_are_dropped_by_the_chunk_and_none_else(intel: Logins) -> None:
    app, jobs = intel["corporate_intel_app"], intel["corporate_intel_jobs"]
    columns: LiteralString = "(time, company_id, metric_type, value)"
    insert: LiteralString = f"INSERT INTO app.metrics {columns} VALUES (now() - INTERVAL '3 years', %s, 'old', 1)"
    app.ask(insert, A)
    with pytest.raises(errors.RaiseException, match="kept for a month at least"):
        jobs.ask("SELECT ops.drop_old_metrics(INTERVAL '1 day')")
    assert jobs.ask("SELECT ops.drop_old_metrics()") == [(1,)]
    assert jobs.ask("SELECT ops.drop_old_metrics()") == [(0,)]
    count: LiteralString = "SELECT count(*) FROM app.metrics WHERE metric_type = %s"
    assert (app.ask(count, "old"), app.ask(count, "test price")) == ([(0,)], [(96,)])


@pytest.mark.parametrize("direct", [False, True], ids=["pooled", "direct"])
def test_companies_are_found_by_meaning(intel: Logins, direct: bool) -> None:
    near: LiteralString = (
        "SELECT c.name FROM company_embeddings e JOIN companies c ON c.id = e.company_id "
        "ORDER BY e.embedding <=> (array_fill(1, ARRAY[768]) || array_fill(%s, ARRAY[768]))::vector"
    )
    analyst = intel["corporate_intel_analyst"]
    assert [name for (name,) in analyst.ask(near, 1, direct=direct)] == ["Test Bakery", "Test Aluminium"]
    assert [name for (name,) in analyst.ask(near, 0, direct=direct)] == ["Test Aluminium", "Test Bakery"]
    with analyst.session(direct=True) as session, session.transaction():
        session.execute("SET LOCAL enable_seqscan = off")
        order: LiteralString = (
            "SELECT 1 FROM company_embeddings ORDER BY embedding <=> array_fill(1, ARRAY[1536])::vector LIMIT 1"
        )
        plan = "\n".join(row[0] for row in session.execute(b"EXPLAIN " + order.encode()))
    assert "company_embeddings_embedding_idx" in plan


def test_the_monitor_is_told_which_features_there_are(intel: Logins) -> None:
    features: dict[str, bool] = dict(intel["corporate_intel_monitor"].ask("SELECT * FROM ops.features"))
    assert features["hypertable"]
    # Debian's package is the Apache edition. Where it is the community's, all must be in use.
    community = features["community edition"]
    assert features["compression"] == features["continuous aggregate"] == community


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("corporate_intel_analyst", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; DELETE FROM app.metrics"),
        ("corporate_intel_app", "SELECT drop_chunks('app.metrics', older_than => now())"),
        ("corporate_intel_app", "SELECT ops.drop_old_metrics()"),
        ("corporate_intel_app", "DROP TABLE app.metrics"),
        ("corporate_intel_jobs", "SELECT * FROM app.metrics"),
        ("corporate_intel_jobs", "SELECT * FROM app.company_embeddings"),
        ("corporate_intel_monitor", "SELECT * FROM app.companies"),
    ],
)
def test_denied(intel: Logins, role: str, statement: LiteralString) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
        intel[role].ask(statement, direct=True)


def test_a_chunk_is_reached_through_its_hypertable_alone(intel: Logins) -> None:
    where: LiteralString = "SELECT min(tableoid::regclass::text) FROM app.metrics"
    [(chunk,)] = intel["corporate_intel_app"].ask(where)
    with pytest.raises(errors.InsufficientPrivilege):
        intel["corporate_intel_jobs"].ask(f"SELECT * FROM {chunk}")


def test_every_foreign_key_has_an_index(intel: Logins) -> None:
    assert intel["corporate_intel_migrator"].ask(UNINDEXED, ["app"], direct=True) == []


def test_a_server_without_the_extensions_says_so_before_anything_is_touched(administrator: Target) -> None:
    found = scripts.read([FILE.parent])
    told = preview.database(administrator, SPEC, "corporate_intel", found, major=0).problems
    assert [problem.split(":")[0] for problem in told] == ["extension timescaledb", "extension vector"]
    assert all("this server's packages do not have it" in problem for problem in told)
    with pytest.raises(AccessError, match="extension timescaledb: this server's packages do not have it"):
        apply_once(FILE, SECRETS, administrator)
    with administrator.open() as connection:
        left = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'corporate_intel%%' "
            "UNION ALL SELECT datname FROM pg_database WHERE datname = 'corporate_intel'"
        ).fetchall()
    assert left == []
