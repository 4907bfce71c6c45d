"""faevision through its own logins: who sees which rows, behind the pooler as well as directly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import psycopg
import pytest
from psycopg import errors

from tests.live.seeds.logins import Login, ask

AURORA, BOREALIS = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
ADMIN, EXECUTIVE, MEMBER = (f"11111111-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
THEIR_EXECUTIVE, THEIR_MEMBER = (f"22222222-0000-4000-8000-00000000000{number}" for number in (2, 3))
NOBODY = "99999999-9999-4999-8999-999999999999"
OTHER = '{"overwritten": true}'

COUNT_PROJECTS: LiteralString = "SELECT count(*) FROM app.projects"
COUNTS: dict[str, LiteralString] = {
    "organizations": "SELECT count(*) FROM app.organizations",
    "users": "SELECT count(id) FROM app.users",
    "projects": COUNT_PROJECTS,
    "activity_logs": "SELECT count(*) FROM app.activity_logs",
}
Logins = dict[str, Login]


@pytest.mark.parametrize("direct", [False, True], ids=["pooled", "direct"])
@pytest.mark.parametrize(
    ("organization", "counts"), [(AURORA, (1, 3, 5, 3)), (BOREALIS, (1, 2, 7, 2)), (NOBODY, (0, 0, 0, 0))]
)
def test_application_role_sees_its_own_organization(
    faevision: Logins, direct: bool, organization: str, counts: tuple[int, ...]
) -> None:
    app = faevision["faevision_app"]
    seen = [app.ask(query, direct=direct, current_organization_id=organization)[0][0] for query in COUNTS.values()]
    assert tuple(seen) == counts
    if counts[0]:
        own = app.ask("SELECT DISTINCT organization_id::text FROM app.projects", current_organization_id=organization)
        assert own == [(organization,)]


@pytest.mark.parametrize("table", COUNTS)
@pytest.mark.parametrize("direct", [False, True], ids=["pooled", "direct"])
def test_without_a_setting_there_are_no_rows_and_no_error(faevision: Logins, table: str, direct: bool) -> None:
    with faevision["faevision_app"].session(direct=direct) as session:
        assert ask(session, COUNTS[table]) == [(0,)]
        assert ask(session, COUNTS[table], current_organization_id=AURORA) != [(0,)]
        # The same session, and behind the pooler the same server connection, which now knows the setting as ''.
        assert ask(session, COUNTS[table]) == [(0,)]
        assert ask(session, COUNTS[table], current_organization_id="") == [(0,)]


def test_organizations_do_not_mix_in_a_pool_that_all_share(faevision: Logins) -> None:
    def worker(number: int) -> set[int]:
        seen = set()
        with faevision["faevision_app"].session() as session:
            for turn in range(25):
                organization, wanted = [(AURORA, 5), (BOREALIS, 7), ("", 0)][(number + turn) % 3]
                context = {"current_organization_id": organization} if organization else {}
                [(count,)] = ask(session, COUNT_PROJECTS, **context)
                seen.add(count - wanted)
        return seen

    with ThreadPoolExecutor(max_workers=12) as threads:
        assert set().union(*threads.map(worker, range(12))) == {0}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO app.projects (organization_id, name) VALUES (%s, 'stolen')",
        "UPDATE app.projects SET organization_id = %s",
        "INSERT INTO app.users (organization_id, email) VALUES (%s, 'spy@borealis.test')",
        "INSERT INTO app.activity_logs (organization_id, action) VALUES (%s, 'forged')",
    ],
)
def test_nothing_is_written_into_another_organization(faevision: Logins, statement: LiteralString) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        faevision["faevision_app"].ask(statement, BOREALIS, current_organization_id=AURORA)


def test_nothing_of_another_organization_is_changed_or_removed(faevision: Logins) -> None:
    app = faevision["faevision_app"]
    for statement in (
        "UPDATE app.projects SET name = 'mine' WHERE organization_id = %s RETURNING id",
        "DELETE FROM app.projects WHERE organization_id = %s RETURNING id",
        "DELETE FROM app.users WHERE organization_id = %s RETURNING id",
    ):
        assert app.ask(statement, BOREALIS, current_organization_id=AURORA) == []
    assert app.ask(COUNT_PROJECTS, current_organization_id=BOREALIS) == [(7,)]


def test_an_organization_works_on_its_own_rows(faevision: Logins) -> None:
    app = faevision["faevision_app"]
    query: LiteralString = (
        "INSERT INTO app.projects (organization_id, name) VALUES (%s, 'new') RETURNING id, updated_at"
    )
    [(project, made_at)] = app.ask(query, AURORA, current_organization_id=AURORA)
    query = "UPDATE app.projects SET status = 'completed' WHERE id = %s RETURNING updated_at"
    [(changed_at,)] = app.ask(query, project, current_organization_id=AURORA)
    assert changed_at > made_at
    query = "DELETE FROM app.projects WHERE id = %s RETURNING id"
    assert app.ask(query, project, current_organization_id=AURORA) == [(project,)]


@pytest.mark.parametrize(
    ("user", "count"),
    [(ADMIN, 5), (EXECUTIVE, 5), (MEMBER, 0), (THEIR_EXECUTIVE, 7), (THEIR_MEMBER, 0), (NOBODY, 0), ("", 0)],
    ids=["admin", "executive", "member", "another's executive", "another's member", "nobody", "empty"],
)
def test_executives_see_the_projects_of_the_organization_they_lead(faevision: Logins, user: str, count: int) -> None:
    executive = faevision["faevision_executive"]
    assert executive.ask(COUNT_PROJECTS, current_user_id=user) == [(count,)]
    # What the application role's policies go by means nothing here.
    assert executive.ask(COUNT_PROJECTS, current_user_id=user, current_organization_id=BOREALIS) == [(count,)]


def test_executives_see_nothing_without_a_setting(faevision: Logins) -> None:
    with faevision["faevision_executive"].session() as session:
        assert ask(session, COUNT_PROJECTS) == [(0,)]
        assert ask(session, COUNT_PROJECTS, current_user_id=ADMIN) == [(5,)]
        assert ask(session, COUNT_PROJECTS) == [(0,)]
        assert ask(session, "SELECT * FROM app.executive_dashboard") == []


def test_executives_read_their_own_figures(faevision: Logins) -> None:
    faevision["faevision_jobs"].ask("SELECT ops.refresh_dashboard()")
    query: LiteralString = "SELECT organization_name, users, projects, active_projects FROM app.executive_dashboard"
    executive = faevision["faevision_executive"]
    assert executive.ask(query, current_user_id=ADMIN) == [("Aurora", 3, 5, 5)]
    assert executive.ask(query, current_user_id=THEIR_EXECUTIVE) == [("Borealis", 2, 7, 7)]
    assert executive.ask(query, current_user_id=MEMBER) == []


DENIED = [
    ("faevision_executive", "INSERT INTO app.projects (organization_id, name) VALUES (gen_random_uuid(), 'x')"),
    ("faevision_executive", "UPDATE app.projects SET name = 'x'"),
    ("faevision_executive", "SELECT id FROM app.users"),
    ("faevision_executive", "SELECT app.personal_data(gen_random_uuid())"),
    ("faevision_executive", "SELECT * FROM reporting.executive_dashboard_metrics"),
    ("faevision_app", "SELECT * FROM app.executive_dashboard"),
    ("faevision_app", "SELECT * FROM reporting.executive_dashboard_metrics"),
    ("faevision_app", "SELECT * FROM partitions.activity_logs_default"),
    ("faevision_app", "SELECT * FROM private.personal_data_keys"),
    ("faevision_app", "SELECT private.decrypt('x')"),
    ("faevision_app", "SELECT extensions.gen_random_bytes(1)"),
    ("faevision_app", "DELETE FROM app.activity_logs"),
    ("faevision_app", "INSERT INTO app.organizations (name) VALUES ('x')"),
    ("faevision_app", "UPDATE app.users SET organization_id = gen_random_uuid()"),
    ("faevision_app", "SELECT ops.refresh_dashboard()"),
    ("faevision_app", "CREATE TABLE public.mine (i int)"),
    ("faevision_app", "CREATE TEMP TABLE mine (i int)"),
    ("faevision_app", "SELECT * FROM postgres_platform.script_journal"),
    ("faevision_app", "SET ROLE faevision_owner"),
    ("faevision_jobs", "SELECT * FROM app.projects"),
    ("faevision_jobs", "SELECT app.personal_data(gen_random_uuid())"),
    ("faevision_monitor", "SELECT * FROM app.projects"),
]
READERS = ["faevision_app", "faevision_executive", "faevision_jobs", "faevision_monitor"]
PEEKS = [
    "SELECT encrypted_personal_data FROM app.users",
    "SELECT * FROM app.users",
    "SELECT u FROM app.users AS u",
    "SELECT to_jsonb(u) FROM app.users AS u",
    "SELECT id FROM app.users ORDER BY encrypted_personal_data",
    "UPDATE app.users SET preferences = '{}' RETURNING encrypted_personal_data",
    "UPDATE app.users SET encrypted_personal_data = NULL",
    "COPY app.users TO STDOUT",
]


@pytest.mark.parametrize(("role", "statement"), [*DENIED, *((role, peek) for role in READERS for peek in PEEKS)])
def test_denied(faevision: Logins, role: str, statement: LiteralString) -> None:
    with faevision[role].session() as session, pytest.raises(psycopg.Error) as caught:
        ask(session, statement, current_organization_id=AURORA, current_user_id=ADMIN)
    # A monitor's session is read only, which is found out first.
    assert caught.type in (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction), caught.value


def test_personal_data_passes_through_its_functions_only(faevision: Logins) -> None:
    app, secret = faevision["faevision_app"], '{"phone": "+95 9 123 456", "name": "Élodie 漢字"}'
    store: LiteralString = "SELECT app.set_personal_data(%s, %s)"
    read: LiteralString = "SELECT app.personal_data(%s)"
    assert app.ask(store, MEMBER, secret, current_organization_id=AURORA) == [(True,)]
    assert app.ask(read, MEMBER, current_organization_id=AURORA) == [
        ({"phone": "+95 9 123 456", "name": "Élodie 漢字"},)
    ]
    elsewhere: list[dict[str, str]] = [{"current_organization_id": BOREALIS}, {"current_organization_id": ""}, {}]
    for context in elsewhere:
        assert app.ask(read, MEMBER, direct=False, **context) == [(None,)]
        assert app.ask(store, MEMBER, OTHER, direct=False, **context) == [(False,)]
    assert app.ask(read, MEMBER, current_organization_id=AURORA)[0][0]["phone"] == "+95 9 123 456"

    stored: LiteralString = "SELECT encrypted_personal_data FROM app.users WHERE id = %s"
    [(before,)] = faevision["faevision_migrator"].ask(stored, MEMBER, direct=True)
    assert b"123" not in before
    faevision["faevision_migrator"].ask("SELECT private.rotate_personal_data_key()", direct=True)
    [(after,)] = faevision["faevision_migrator"].ask(stored, MEMBER, direct=True)
    assert before[:4] != after[:4]
    assert app.ask(read, MEMBER, current_organization_id=AURORA)[0][0]["phone"] == "+95 9 123 456"


def test_partitions_are_made_ahead_and_a_late_row_moves_into_its_own(faevision: Logins) -> None:
    migrator, jobs = faevision["faevision_migrator"], faevision["faevision_jobs"]
    prepared: LiteralString = (
        "SELECT count(*) FROM generate_series(0, 3) AS ahead WHERE to_regclass('partitions.activity_logs_' || "
        "to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead), 'YYYY_MM')) "
        "IS NOT NULL"
    )
    assert migrator.ask(prepared, direct=True) == [(4,)]
    assert jobs.ask("SELECT ops.make_partitions()") == []
    insert: LiteralString = (
        "INSERT INTO app.activity_logs (organization_id, action, created_at) "
        "VALUES (%s, 'planned', now() + '30 months') RETURNING tableoid::regclass::text"
    )
    assert migrator.ask(insert, AURORA, direct=True) == [("partitions.activity_logs_default",)]
    made = [name for (name,) in jobs.ask("SELECT ops.make_partitions(31)")]
    where: LiteralString = "SELECT tableoid::regclass::text FROM app.activity_logs WHERE action = 'planned'"
    [(where_now,)] = migrator.ask(where, direct=True)
    assert where_now.removeprefix("partitions.") in made
    assert len(made) == 28
    for name in made:
        migrator.ask(f"DROP TABLE partitions.{name}", direct=True)


def test_the_jobs_login_does_its_jobs(faevision: Logins) -> None:
    faevision["faevision_jobs"].ask("SELECT ops.nightly_maintenance()")


@pytest.mark.parametrize(
    "view", ["slow_queries", "index_usage", "table_bloat", "targets"], ids=lambda view: f"ops.{view}"
)
def test_the_monitor_reads_its_views(faevision: Logins, view: str) -> None:
    rows = faevision["faevision_monitor"].ask(f"SELECT * FROM ops.{view}")
    assert rows
    if view == "slow_queries":
        assert any("app.projects" in str(row) for row in rows), "statements of others are hidden"


def test_every_tenant_column_and_foreign_key_has_an_index(faevision: Logins) -> None:
    missing = faevision["faevision_migrator"].ask(UNINDEXED, ["app"], direct=True)
    assert missing == []


UNINDEXED: LiteralString = """
SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint AS c
WHERE c.contype = 'f' AND c.connamespace::regnamespace::text = ANY(%s) AND c.conparentid = 0 AND NOT EXISTS (
    SELECT FROM pg_index AS i
    WHERE i.indrelid = c.conrelid AND (string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(c.conkey)]
        @> c.conkey)
"""
