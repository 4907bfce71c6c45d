"""Fixtures that cannot be run are all told before a server is asked; the result as a person and a program read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.access import verify
from components.access.failures import AccessError
from components.access.spec import loads
from components.access.verify import Outcome

SPEC = """version: 1
roles: { owner: , app: }
databases:
  shop:
    owner: owner
    tests:
      - { as: app, fixture: whole.sql, sees: { app.t: 1 } }
      - { as: app, fixture: absent.sql, sees: { app.t: 1 } }
      - as: app
        fixture: ends.sql
        sees: { app.t: 1 }
      - { as: app, fixture: latin.sql, sees: { app.t: 1 } }
      - { as: app, fixture: apart.sql, sees: { app.t: 1 } }
"""
PASSED = Outcome(where="a.yaml:3", database="shop", role="app", tried="sees app.t", wanted="1 row")
FAILED = Outcome(
    where="a.yaml:14", database="shop", role="long_role", tried="x", wanted="denied", found="no error, 2 rows"
)


def test_every_fixture_that_cannot_run_is_told_with_the_line_of_its_test(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    for name, content in {
        "whole.sql": b"INSERT INTO app.t VALUES (1);",
        "ends.sql": b"SELECT 1;\nCOMMIT;",
        "latin.sql": b"SELECT '\xe9'",
        "apart.sql": b"-- postgres-platform: no-transaction\nVACUUM",
    }.items():
        (tmp_path / "fixtures" / name).write_bytes(content)
    with pytest.raises(AccessError) as caught:
        verify.read_fixtures(loads(SPEC, "a.yaml"), tmp_path)
    absent, ends, latin, apart = str(caught.value).splitlines()
    assert absent.startswith("a.yaml:8: databases.shop.tests[1].fixture: ")
    assert "cannot be read: No such file" in absent
    assert ends.startswith("a.yaml:10: ")
    assert "ends.sql:2: COMMIT starts or ends a transaction" in ends
    assert "is not UTF-8" in latin
    assert "no-transaction" in apart


def test_the_table_aligns_and_tells_what_was_found() -> None:
    assert list(verify.lines([PASSED, FAILED])) == [
        "ok    a.yaml:3   app        sees app.t  1 row",
        "FAIL  a.yaml:14  long_role  x           denied, found: no error, 2 rows",
        "2 tried, 1 failed",
    ]
    assert list(verify.lines([])) == ["this spec has no tests"]


def test_the_same_for_a_program() -> None:
    told = verify.as_json([PASSED, FAILED])
    assert (told["passed"], told["failed"]) == (1, 1)
    assert [one["passed"] for one in told["outcomes"]] == [True, False]
    assert told["outcomes"][1]["found"] == "no error, 2 rows"
