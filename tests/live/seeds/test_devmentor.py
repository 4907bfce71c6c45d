"""devmentor: each service reads its own schema and is refused on the others; users see what is theirs."""

from __future__ import annotations

from typing import LiteralString

import pytest
from psycopg import errors

from tests.live.seeds.logins import Login, ask
from tests.live.seeds.test_faevision import UNINDEXED

TABLES: dict[str, list[LiteralString]] = {
    "auth": ["users", "user_sessions", "audit_log", "password_resets", "email_verifications"],
    "projects": [
        "projects",
        "epics",
        "tasks",
        "project_files",
        "activity",
        "project_templates",
        "project_collaborators",
    ],
    "memory": ["documents", "chunks", "embeddings_meta", "search_history"],
    "learning": ["roadmaps", "progress", "assessments", "recommendations"],
}
EVERY_TABLE = [(schema, table) for schema, tables in TABLES.items() for table in tables]
ADA, BEN = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000001"
NOBODY = "99999999-9999-4999-8999-999999999999"
Logins = dict[str, Login]


@pytest.mark.parametrize("direct", [False, True], ids=["pooled", "direct"])
@pytest.mark.parametrize("service", TABLES)
def test_a_service_reads_its_own_schema_and_is_refused_on_the_others(
    devmentor: Logins, service: str, direct: bool
) -> None:
    with devmentor[f"devmentor_{service}"].session(direct=direct) as session:
        for schema, table in EVERY_TABLE:
            query: LiteralString = f"SELECT count(*) FROM {schema}.{table}"
            if schema == service:
                assert len(ask(session, query)) == 1
            else:
                with pytest.raises(errors.InsufficientPrivilege, match=f"permission denied for schema {schema}"):
                    ask(session, query)


@pytest.mark.parametrize(
    ("role", "query", "ada", "ben"),
    [
        ("devmentor_projects", "SELECT count(*) FROM projects.projects", 2, 2),
        ("devmentor_projects", "SELECT count(*) FROM projects.projects WHERE name = 'compiler'", 1, 0),
        ("devmentor_projects", "SELECT count(*) FROM projects.tasks", 2, 2),
        ("devmentor_projects", "SELECT count(*) FROM projects.project_collaborators", 1, 1),
        ("devmentor_memory", "SELECT count(*) FROM memory.documents", 3, 2),
        ("devmentor_learning", "SELECT count(*) FROM learning.roadmaps", 1, 1),
    ],
)
def test_users_see_what_is_theirs_or_shared_with_them(
    devmentor: Logins, role: str, query: LiteralString, ada: int, ben: int
) -> None:
    with devmentor[role].session() as session:
        assert ask(session, query) == [(0,)]
        assert ask(session, query, current_user_id=ADA) == [(ada,)]
        assert ask(session, query) == [(0,)]
        assert ask(session, query, current_user_id=BEN) == [(ben,)]
        assert ask(session, query, current_user_id=NOBODY) == [(0,)]
        assert ask(session, query, current_user_id="") == [(0,)]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("devmentor_memory", "INSERT INTO memory.documents (user_id, kind, title) VALUES (%s, 'note', 'planted')"),
        ("devmentor_memory", "UPDATE memory.documents SET user_id = %s"),
        ("devmentor_learning", "INSERT INTO learning.recommendations (user_id, title) VALUES (%s, 'planted')"),
        ("devmentor_projects", "INSERT INTO projects.projects (owner_id, name) VALUES (%s, 'planted')"),
        ("devmentor_projects", "UPDATE projects.projects SET owner_id = %s"),
        (
            "devmentor_projects",
            "INSERT INTO projects.project_collaborators (project_id, user_id) "
            "VALUES ('aaaaaaaa-0000-4000-8000-0000000000a1', %s)",
        ),
    ],
)
def test_nobody_writes_in_another_users_name(devmentor: Logins, role: str, statement: LiteralString) -> None:
    values = {"current_user_id": BEN}
    other = BEN if "collaborators" in statement else ADA
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        devmentor[role].ask(statement, other, direct=False, **values)


def test_a_user_makes_changes_shares_and_removes_a_project(devmentor: Logins) -> None:
    service = devmentor["devmentor_projects"]
    make: LiteralString = "INSERT INTO projects.projects (owner_id, name) VALUES (%s, 'new') RETURNING id"
    [(project,)] = service.ask(make, ADA, current_user_id=ADA)
    task: LiteralString = "INSERT INTO projects.tasks (project_id, title) VALUES (%s, 't') RETURNING status::text"
    assert service.ask(task, project, current_user_id=ADA) == [("todo",)]
    with pytest.raises(errors.InsufficientPrivilege):
        service.ask(task, project, current_user_id=BEN)
    share: LiteralString = "INSERT INTO projects.project_collaborators (project_id, user_id) VALUES (%s, %s)"
    service.ask(share, project, BEN, current_user_id=ADA)
    assert service.ask(task, project, current_user_id=BEN) == [("todo",)]
    remove: LiteralString = "DELETE FROM projects.projects WHERE id = %s RETURNING id"
    assert service.ask(remove, project, current_user_id=BEN) == []
    assert service.ask(remove, project, current_user_id=ADA) == [(project,)]


def test_the_trail_is_written_by_itself_and_cannot_be_changed(devmentor: Logins) -> None:
    auth = devmentor["devmentor_auth"]
    auth.ask("UPDATE auth.users SET password_hash = 'a new hash' WHERE id = %s", ADA, current_user_id=BEN)
    query: LiteralString = (
        "SELECT actor_id::text, database_role, action, details FROM auth.audit_log WHERE entity = 'auth.users' "
        "AND entity_id = %s AND action = 'update' ORDER BY happened_at DESC LIMIT 1"
    )
    changed = {"changed": ["password_hash", "updated_at"]}
    assert auth.ask(query, ADA) == [(BEN, "devmentor_auth", "update", changed)]
    assert auth.ask("SELECT count(*) FROM auth.audit_log WHERE details::text LIKE '%%a new hash%%'") == [(0,)]
    for statement in ("DELETE FROM auth.audit_log", "UPDATE auth.audit_log SET action = ''", "TRUNCATE auth.audit_log"):
        with pytest.raises(errors.InsufficientPrivilege, match="audit_log"):
            auth.ask(statement)


def test_roles_are_a_real_enumeration(devmentor: Logins) -> None:
    auth = devmentor["devmentor_auth"]
    assert auth.ask("SELECT enum_range(NULL::auth.user_role)::text") == [("{user,admin,superadmin}",)]
    with pytest.raises(errors.InvalidTextRepresentation):
        auth.ask("UPDATE auth.users SET role = 'root' WHERE id = %s", ADA)


def test_services_use_the_server_but_never_make_objects(devmentor: Logins) -> None:
    for service in TABLES:
        for statement in (
            f"CREATE TABLE {service}.mine (i int)",
            "CREATE TABLE public.mine (i int)",
            "CREATE SCHEMA x",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                devmentor[f"devmentor_{service}"].ask(statement)


def test_the_monitor_reads_statistics_and_no_table(devmentor: Logins) -> None:
    monitor = devmentor["devmentor_monitor"]
    assert monitor.ask("SELECT count(*) > 0 FROM extensions.pg_stat_statements") == [(True,)]
    assert monitor.ask("SELECT count(*) > 0 FROM pg_stat_activity WHERE usename IS NOT NULL") == [(True,)]
    with pytest.raises(errors.InsufficientPrivilege):
        monitor.ask("SELECT * FROM auth.users")


def test_every_foreign_key_has_an_index(devmentor: Logins) -> None:
    assert devmentor["devmentor_migrator"].ask(UNINDEXED, list(TABLES), direct=True) == []
