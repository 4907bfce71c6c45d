"""aves: its ORM's tables come after the first apply; learners see their own progress, editors none of it."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest
from psycopg import errors

from tests.live.seeds.logins import Login, ask
from tests.live.seeds.test_faevision import UNINDEXED

Logins = dict[str, Login]
OWN: LiteralString = "SELECT count(*) FROM app.user_progress"
FIND: LiteralString = (
    "SELECT term FROM app.vocabulary WHERE search @@ websearch_to_tsquery('english', %s) ORDER BY term"
)


@pytest.mark.parametrize("direct", [False, True], ids=["pooled", "direct"])
def test_learners_see_their_own_progress_and_nobody_elses(aves: Logins, direct: bool) -> None:
    with aves["aves_app"].session(direct=direct) as session:
        for user, count in (("ada", 3), ("ben", 1), ("nobody", 0), ("", 0), ("ada", 3)):
            assert ask(session, OWN) == [(0,)]
            assert ask(session, OWN, current_user_id=user) == [(count,)]


def test_a_learner_works_on_the_own_progress_only(aves: Logins) -> None:
    app = aves["aves_app"]
    change: LiteralString = "UPDATE app.user_progress SET mastery_level = 5 WHERE user_id = %s RETURNING vocabulary_id"
    assert len(app.ask(change, "ada", current_user_id="ada")) == 3
    assert app.ask(change, "ben", current_user_id="ada") == []
    plant: LiteralString = (
        "INSERT INTO app.user_progress (user_id, vocabulary_id) SELECT %s, min(id) FROM app.vocabulary"
    )
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        app.ask(plant, "ben", current_user_id="ada")


def test_definitions_are_found_by_their_words(aves: Logins) -> None:
    assert aves["aves_app"].ask(FIND, "feather") == [("covert",)]
    assert aves["aves_app"].ask(FIND, "plumage -eye") == [("covert",)]
    with aves["aves_app"].session() as session, session.transaction():
        session.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in session.execute("EXPLAIN " + FIND, ["feather"]))
    assert "vocabulary_search_idx" in plan


def test_statistics_are_refreshed_by_the_job_and_tell_nobodys_name(aves: Logins) -> None:
    assert aves["aves_jobs"].ask("SELECT ops.refresh_statistics()") == [(True,)]
    figures: LiteralString = "SELECT words FROM app.species_statistics WHERE common_name = 'Indian peafowl'"
    assert aves["aves_app"].ask(figures) == [(3,)]
    columns: LiteralString = "SELECT * FROM app.species_statistics LIMIT 0"
    with aves["aves_app"].session() as session:
        names = [column.name for column in session.execute(columns).description or ()]
    assert names == ["species_id", "common_name", "words", "mastery"]


def test_editors_write_vocabulary_with_numbers_from_its_sequence(aves: Logins) -> None:
    editor = aves["aves_editor"]
    new: LiteralString = (
        "INSERT INTO app.vocabulary (species_id, term, definition) "
        "VALUES ('eeeeeeee-0000-4000-8000-000000000001', 'alula', 'the thumb of a wing') RETURNING id"
    )
    [(number,)] = editor.ask(new)
    remove: LiteralString = "DELETE FROM app.vocabulary WHERE id = %s RETURNING id"
    assert editor.ask(remove, number) == [(number,)]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("aves_app", "DELETE FROM app.species"),
        ("aves_app", "SELECT nextval('app.vocabulary_id_seq')"),
        ("aves_app", "SELECT ops.refresh_statistics()"),
        ("aves_app", "SELECT * FROM drizzle.__drizzle_migrations"),
        ("aves_editor", OWN),
        ("aves_jobs", OWN),
        ("aves_jobs", "SELECT * FROM app.species_statistics"),
    ],
)
def test_denied(aves: Logins, role: str, statement: LiteralString) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        aves[role].ask(statement, current_user_id="ada")


def test_what_a_later_migration_makes_is_closed_until_the_spec_names_it(aves: Logins) -> None:
    migrator = aves["aves_migrator"]
    migrator.ask("CREATE TABLE app.user_notes (user_id varchar, note text)", direct=True)
    try:
        for role in ("aves_app", "aves_editor"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                aves[role].ask("SELECT * FROM app.user_notes")
    finally:
        migrator.ask("DROP TABLE app.user_notes", direct=True)


def test_every_foreign_key_has_an_index(aves: Logins) -> None:
    assert aves["aves_migrator"].ask(UNINDEXED, ["app"], direct=True) == []
