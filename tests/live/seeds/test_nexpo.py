"""nexpo: tenants through Prisma's quoted names, by a pooled and by a direct URL."""

from __future__ import annotations

from typing import LiteralString

import pytest
from psycopg import errors

from tests.live.seeds.logins import Login, ask
from tests.live.seeds.test_faevision import UNINDEXED

Logins = dict[str, Login]
A, B = "aaaaaaaa-1111-4111-8111-111111111111", "bbbbbbbb-2222-4222-8222-222222222222"
ANA = "aaaaaaaa-0000-4000-8000-000000000001"
POSTS: LiteralString = 'SELECT count(*) FROM "content"."pg_posts"'
INSERT: LiteralString = (
    'INSERT INTO "content"."pg_posts" ("tenantId", "authorId", "title") VALUES (%s, %s, %s) RETURNING "id", "updatedAt"'
)


@pytest.mark.parametrize("direct", [False, True], ids=["pooled", "direct"])
def test_tenants_do_not_mix_on_one_server_connection(nexpo: Logins, direct: bool) -> None:
    with nexpo["nexpo_app"].session(direct=direct) as session:
        for tenant, count in ((A, 3), (B, 1), ("", 0), (A, 3)):
            assert ask(session, POSTS) == [(0,)]
            assert ask(session, POSTS, current_tenant_id=tenant) == [(count,)]


def test_a_tenant_works_on_its_own_rows_by_their_quoted_names(nexpo: Logins) -> None:
    app = nexpo["nexpo_app"]
    [(post, made_at)] = app.ask(INSERT, A, ANA, "new", current_tenant_id=A)
    change: LiteralString = 'UPDATE "content"."pg_posts" SET "published" = true WHERE "id" = %s RETURNING "updatedAt"'
    [(changed_at,)] = app.ask(change, post, current_tenant_id=A)
    assert changed_at > made_at
    assert app.ask(change, post, current_tenant_id=B) == []
    remove: LiteralString = 'DELETE FROM "content"."pg_posts" WHERE "id" = %s RETURNING "id"'
    assert app.ask(remove, post, current_tenant_id=A) == [(post,)]


def test_no_row_is_written_for_or_hung_below_another_tenant(nexpo: Logins) -> None:
    app = nexpo["nexpo_app"]
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        app.ask(INSERT, B, ANA, "planted", current_tenant_id=A)
    # Foreign keys do not ask row policies; that they carry the tenant keeps A's user out of B's rows.
    with pytest.raises(errors.ForeignKeyViolation):
        app.ask(INSERT, B, ANA, "planted", current_tenant_id=B)


def test_an_unqualified_pg_roles_is_the_servers_own(nexpo: Logins) -> None:
    app = nexpo["nexpo_app"]
    assert app.ask('SELECT count(*) FROM "content"."pg_roles"', current_tenant_id=A) == [(2,)]
    with app.session() as session, session.transaction():
        session.execute("SET LOCAL search_path = content, pg_catalog")
        names = [column.name for column in session.execute("SELECT * FROM pg_roles LIMIT 0").description or ()]
    assert "userId" in names


def test_posts_are_found_by_words_and_by_metadata_with_their_indexes(nexpo: Logins) -> None:
    queries: dict[str, tuple[LiteralString, int]] = {
        "pg_posts_search_idx": (
            "SELECT title FROM content.pg_posts WHERE search @@ websearch_to_tsquery('english', 'harvests')",
            1,
        ),
        "pg_posts_metadata_idx": ('SELECT title FROM content.pg_posts WHERE metadata @> \'{"tags": ["rice"]}\'', 1),
    }
    for index, (query, count) in queries.items():
        assert len(nexpo["nexpo_app"].ask(query, current_tenant_id=A)) == count
        with nexpo["nexpo_migrator"].session(direct=True) as session, session.transaction():
            session.execute("SET LOCAL enable_seqscan = off")
            assert index in "\n".join(row[0] for row in session.execute("EXPLAIN " + query))


def test_migrations_run_by_the_direct_url_and_what_they_make_is_closed(nexpo: Logins) -> None:
    migrator = nexpo["nexpo_migrator"]
    # What `prisma migrate deploy` does: a lock of the session's own, which a pooled session would lose.
    with migrator.session(direct=True) as session:
        session.execute("SELECT pg_advisory_lock(72707369)")
        session.execute('CREATE TABLE content."_prisma_migrations" (id text)')
        session.commit()
        assert session.execute("SELECT pg_advisory_unlock(72707369)").fetchone() == (True,)
    try:
        with pytest.raises(errors.InsufficientPrivilege):
            nexpo["nexpo_app"].ask('SELECT * FROM content."_prisma_migrations"')
    finally:
        migrator.ask('DROP TABLE content."_prisma_migrations"', direct=True)


def test_the_monitor_reads_statistics_and_no_table(nexpo: Logins) -> None:
    assert nexpo["nexpo_monitor"].ask("SELECT count(*) > 0 FROM extensions.pg_stat_statements") == [(True,)]
    with pytest.raises(errors.InsufficientPrivilege):
        nexpo["nexpo_monitor"].ask("SELECT * FROM content.pg_users")


def test_every_foreign_key_has_an_index(nexpo: Logins) -> None:
    assert nexpo["nexpo_migrator"].ask(UNINDEXED, ["content"], direct=True) == []
