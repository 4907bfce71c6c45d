"""`verify` on the systems as they are applied: all holds; a promise that is broken is told; nothing is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from components.access import __main__ as command
from components.access import verify
from components.access.failures import AccessError
from components.access.session import Target
from components.access.spec import load, loads
from components.access.spec.load import Loaded
from tests.live.seeds.logins import ROOT, SYSTEMS

FOLDER = ROOT / "sql" / "faevision"
COUNTS = "SELECT (SELECT count(*) FROM app.projects), (SELECT count(*) FROM app.users)"


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_promise_of_the_spec_holds(administrator: Target, system: str) -> None:
    file = ROOT / "sql" / system / "access.yaml"
    outcomes = verify.verify(administrator, load(file), file.parent)
    assert len(outcomes) >= 10
    assert [one for one in outcomes if not one.passed] == []
    assert {one.role for one in outcomes} <= set(load(file).spec.every_role)


def test_a_table_that_lost_its_policies_is_told_with_the_line(administrator: Target) -> None:
    with administrator.open("faevision", autocommit=True) as connection:
        before = connection.execute(COUNTS).fetchone()
        connection.execute("ALTER TABLE app.projects DISABLE ROW LEVEL SECURITY")
        try:
            outcomes = verify.verify(administrator, load(FOLDER / "access.yaml"), FOLDER)
        finally:
            connection.execute("ALTER TABLE app.projects ENABLE ROW LEVEL SECURITY")
        assert connection.execute(COUNTS).fetchone() == before
    failed = {one.tried: one for one in outcomes if not one.passed}
    assert failed["sees app.projects"].found == "12 rows"
    assert all("projects" in tried for tried in failed)
    planted = next(one for tried, one in failed.items() if tried.startswith("denied: INSERT"))
    assert planted.found == "no error, 1 row"
    line = int(planted.where.rpartition(":")[2])
    assert "planted" in (FOLDER / "access.yaml").read_text().splitlines()[line - 1]


def test_a_right_too_many_is_told(administrator: Target) -> None:
    with administrator.open("faevision", autocommit=True) as connection:
        connection.execute("GRANT DELETE ON app.activity_logs TO application_role")
        try:
            outcomes = verify.verify(administrator, load(FOLDER / "access.yaml"), FOLDER)
        finally:
            connection.execute("REVOKE DELETE ON app.activity_logs FROM application_role")
    [failed] = [one for one in outcomes if not one.passed]
    assert (failed.tried, failed.found) == ("denied: DELETE FROM app.activity_logs", "no error, 3 rows")


def test_the_command_ends_with_1_where_something_failed(
    administrator: Target, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (
        (FOLDER / "access.yaml")
        .read_text()
        .replace("sees: { app.organizations: 1,", "sees: { app.organizations: 2,", 1)
    )
    (tmp_path / "access.yaml").write_text(text)
    (tmp_path / "fixtures").symlink_to(FOLDER / "fixtures")
    url = psycopg.conninfo.make_conninfo(**administrator.words)
    for file, code, failed in ((FOLDER / "access.yaml", 0, 0), (tmp_path / "access.yaml", 1, 1)):
        assert command.main(["verify", str(file), "--url", url, "--json"]) == code
        told = json.loads(capfd.readouterr().out)
        assert told["failed"] == failed
        assert command.main(["verify", str(file), "--url", url]) == code
        out = capfd.readouterr().out
        assert out.count("FAIL") == failed
        assert f"{told['passed'] + failed} tried, {failed} failed" in out


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("SELECT generate_series(1, 200000)", 200_000),
        ("TABLE app.organizations", 1),
        ("VALUES (1), (2)", 2),
        ("WITH mine AS (SELECT * FROM app.projects) SELECT * FROM mine", 5),
        ("WITH mine AS (DELETE FROM app.projects RETURNING id) SELECT * FROM mine", 5),
        ("SELECT id FROM app.projects FOR UPDATE", 5),
        ("UPDATE app.projects SET name = name", 5),
        ("SHOW search_path", 1),
        ("EXPLAIN SELECT * FROM app.projects", None),
    ],
)
def test_rows_are_counted_whatever_the_statement(administrator: Target, statement: str, rows: int | None) -> None:
    fixture = "fixture: two_organizations.sql, set: { org: 11111111-1111-4111-8111-111111111111 }"
    test = f'{{ as: application_role, {fixture}, affects: {{ "{statement}": {rows or 0} }} }}'
    [outcome] = verify.verify(administrator, _with_tests(test), FOLDER)
    assert outcome.passed == (rows is not None), outcome


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("{ as: application_role, set: { app.current_user_id: x }, sees: { app.absent: 0 } }", "42P01"),
        ("{ as: application_role, denied: [SELECT 1/0] }", "SQLSTATE 22012"),
        (
            "{ as: application_role, fixture: two_organizations.sql, set: { org: A }, sees: { app.projects: 0 } }",
            "invalid input syntax",
        ),
    ],
)
def test_any_other_error_is_a_failure_with_the_servers_words(administrator: Target, test: str, told: str) -> None:
    [outcome] = verify.verify(administrator, _with_tests(test), FOLDER)
    assert not outcome.passed
    assert told in outcome.found


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("{ as: application_role, set: { log_statement.: all }, sees: { app.projects: 0 } }", None),
        ("{ as: application_role, set: { no such: x }, sees: { app.projects: 0 } }", None),
        ("{ as: application_role, fixture: broken.sql, sees: { app.projects: 0 } }", "broken.sql:2: PostgreSQL says"),
    ],
)
def test_what_cannot_be_tried_at_all_is_an_error(
    administrator: Target, tmp_path: Path, test: str, told: str | None
) -> None:
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "broken.sql").write_text("SELECT 1;\nSELECT broken;")
    if told is None:
        with pytest.raises(Exception, match=r"access\.yaml:"):
            _with_tests(test)
        return
    with pytest.raises(AccessError, match=told):
        verify.verify(administrator, _with_tests(test), tmp_path)


def test_without_the_database_it_says_what_to_do(administrator: Target) -> None:
    test = "{ as: nobody, denied: SELECT 1 }"
    spec = f"version: 1\nroles: {{ nobody: }}\ndatabases: {{ nowhere: {{ owner: nobody, tests: [{test}] }} }}"
    with pytest.raises(AccessError, match="database nowhere is not there to be tested; apply the spec first"):
        verify.verify(administrator, loads(spec, "a.yaml"), FOLDER)


def _with_tests(test: str) -> Loaded:
    text = (FOLDER / "access.yaml").read_text()
    begin = text.index("    # Counted by organization")
    end = text.index("    lint:\n")
    return loads(f"{text[:begin]}    tests: [{test}]\n{text[end:]}", "access.yaml")
