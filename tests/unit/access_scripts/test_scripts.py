from __future__ import annotations

from pathlib import Path

import pytest

from components.access import scripts
from components.access.scripts import Batches, Script, ScriptError, ScriptProblem


def script(name: str, text: str = "select 1") -> Script:
    return Script(name=name, text=text, file=f"sql/{name}")


ONE, TWO, THREE = script("001_one.sql"), script("002_two.sql"), script("003_three.sql")
VIEW = script("R__view.sql", "create or replace view v as select 1")
APART = script("002_apart.sql", "-- postgres-platform: no-transaction\ndrop index concurrently if exists i")


def problems_of(files: dict[str, str]) -> list[str]:
    with pytest.raises(ScriptError) as caught:
        scripts.parse({f"sql/{name}": text.encode() for name, text in files.items()})
    return [str(problem) for problem in caught.value.problems]


def applied(*done: Script) -> dict[str, str]:
    return {one.name: one.sha256 for one in done}


def test_nothing_to_do() -> None:
    assert scripts.pending([], {}) == scripts.Pending()
    assert scripts.pending([ONE, TWO, VIEW], applied(ONE, TWO, VIEW)) == scripts.Pending()
    assert scripts.parse({}) == []


def test_order_is_numbers_then_repeated() -> None:
    names = ["R__b.sql", "010_x.sql", "R__a.sql", *(f"{n:03}_x.sql" for n in range(1, 10))]
    found = scripts.parse({f"sql/{name}": b"select 1" for name in names})
    assert [one.name for one in found] == [*(f"{n:03}_x.sql" for n in range(1, 11)), "R__a.sql", "R__b.sql"]
    assert scripts.pending(found[::-1], {}).run == tuple(found)


def test_only_what_did_not_run_is_pending() -> None:
    assert scripts.pending([ONE, TWO, THREE], applied(ONE)).run == (TWO, THREE)


def test_a_repeated_script_runs_again_when_its_text_changed() -> None:
    changed = script(VIEW.name, "create or replace view v as select 2")
    found = scripts.pending([ONE, changed], applied(ONE, VIEW))
    assert found == scripts.Pending(run=(changed,))


def test_an_applied_script_that_changed_is_a_problem_and_does_not_run() -> None:
    found = scripts.pending([script(ONE.name, "select 2"), TWO], applied(ONE, TWO))
    assert found.run == ()
    [problem] = found.problems
    assert problem.file == "sql/001_one.sql"
    assert "was changed after it ran" in problem.message
    assert "as a new script" in problem.message


def test_a_lost_file_is_a_problem_unless_it_was_repeated() -> None:
    found = scripts.pending([TWO], applied(ONE, TWO, VIEW))
    assert [problem.file for problem in found.problems] == ["001_one.sql"]
    assert "put the file back" in found.problems[0].message


def test_a_late_script_is_told_its_next_number() -> None:
    found = scripts.pending([ONE, TWO, THREE], applied(ONE, THREE))
    assert [str(problem) for problem in found.problems] == [
        "sql/002_two.sql: is new, but number 003 ran already; give it number 004 or higher"
    ]


def test_all_problems_of_a_journal_at_once() -> None:
    late = script("002_late.sql")
    found = scripts.pending([script(ONE.name, "select 2"), late, VIEW], applied(ONE, TWO, THREE))
    assert {problem.file for problem in found.problems} == {
        "sql/001_one.sql",
        "sql/002_late.sql",
        "002_two.sql",
        "003_three.sql",
    }


def test_line_ends_and_a_byte_order_mark_are_no_change() -> None:
    [unix] = scripts.parse({"001_a.sql": b"select 1;\nselect 2;\n"})
    [other] = scripts.parse({"001_a.sql": b"\xef\xbb\xbfselect 1;\r\nselect 2;\r\n"})
    assert unix.sha256 == other.sha256


def test_names_numbers_and_gaps_are_reported_at_once() -> None:
    found = problems_of(
        {
            "001_a.sql": "",
            "001_b.sql": "",
            "004_d.sql": "",
            "5_e.sql": "",
            "Readme.sql": "",
            "006_Big.sql": "",
            "R_x.sql": "",
        }
    )
    assert len(found) == 7
    assert sum("is not called NNN_name.sql" in text for text in found) == 4
    assert "sql/001_a.sql: shares its number with sql/001_b.sql; give it the next one" in found
    assert "sql/004_d.sql: comes after a gap: number 002, 003 is missing; numbers start at 001" in found


def test_a_name_in_two_folders_is_reported() -> None:
    with pytest.raises(ScriptError) as caught:
        scripts.parse({"a/R__v.sql": b"", "b/R__v.sql": b""})
    assert [str(problem) for problem in caught.value.problems] == [
        "a/R__v.sql: is there twice, in two folders; rename one",
        "b/R__v.sql: is there twice, in two folders; rename one",
    ]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("select 1;\nCOMMIT;", 2, "COMMIT starts or ends a transaction"),
        ("begin; select 1", 1, "BEGIN starts or ends"),
        ("start transaction", 1, "START TRANSACTION starts or ends"),
        ("set local role other", 1, "changes who runs the rest"),
        ("set search_path = app", 1, "SET SEARCH_PATH APP would outlast the script; write SET LOCAL"),
        ("set session lock_timeout = 1", 1, "would outlast the script"),
        ("reset role", 1, "changes who runs the rest"),
        ("set session authorization x", 1, "changes who runs the rest"),
        ("\n\ncopy t (a) from stdin", 3, "COPY FROM STDIN"),
        ("\\set x 1", 1, "command of psql"),
        ("create unique index concurrently i on t (a)", 1, "-- postgres-platform: no-transaction"),
        ("vacuum t", 1, "cannot run inside a transaction"),
        ("create database d", 1, "cannot run inside a transaction"),
        ("-- postgres-platform: no-transactoin\nselect 1", 1, "'no-transactoin' is unknown"),
    ],
)
def test_statements_that_must_not_be_there(text: str, line: int, part: str) -> None:
    [problem] = problems_of({"001_a.sql": text})
    assert problem.startswith(f"sql/001_a.sql:{line}: ")
    assert part in problem


@pytest.mark.parametrize(
    "text",
    [
        "do $$ begin perform 1; end $$",
        "create function f() returns int begin atomic select 1; end",
        "refresh materialized view concurrently m",
        "set local lock_timeout = '1s'",
        "set constraints all deferred",
        "-- postgres-platform: no-transaction\nset maintenance_work_mem = '1GB'",
        "copy t to stdout",
        "-- vacuum t; commit\nselect 'commit; reset role'",
        "-- postgres-platform: no-transaction\nvacuum t",
        "alter table t set (autovacuum_enabled = true)",
    ],
)
def test_statements_that_may_be_there(text: str) -> None:
    assert len(scripts.parse({"001_a.sql": text.encode()})) == 1


def test_text_that_is_not_utf8_is_reported() -> None:
    with pytest.raises(ScriptError, match=r"001_a\.sql: is not UTF-8"):
        scripts.parse({"001_a.sql": b"select '\xe9'"})


def test_the_header_counts_only_at_the_head() -> None:
    assert script("001_a.sql", "select 1;\n-- postgres-platform: no-transaction").transaction
    assert not script("001_a.sql", "-- why\n\n--  postgres-platform:  NO-TRANSACTION \nselect 1").transaction


@pytest.mark.parametrize(
    ("run", "cut"),
    [
        ([], Batches()),
        ([ONE, TWO], Batches(main=(ONE, TWO))),
        ([APART], Batches(after=(APART,))),
        ([ONE, APART], Batches(main=(ONE,), after=(APART,))),
        ([APART, THREE], Batches(before=((APART,),), main=(THREE,))),
        ([ONE, APART, THREE, VIEW], Batches(before=((ONE,), (APART,)), main=(THREE, VIEW))),
        ([ONE, APART, APART, THREE], Batches(before=((ONE,), (APART,), (APART,)), main=(THREE,))),
    ],
)
def test_batches_keep_the_order(run: list[Script], cut: Batches) -> None:
    assert scripts.batches(run) == cut


def test_read_takes_sql_files_and_leaves_the_rest(tmp_path: Path) -> None:
    (tmp_path / "001_a.sql").write_text("select 1")
    (tmp_path / "access.yaml").write_text("version: 1")
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "two_orgs.sql").write_text("select 2")
    assert [one.name for one in scripts.read([tmp_path])] == ["001_a.sql"]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="is no folder"):
        scripts.read([tmp_path / "nowhere"])


def test_a_problem_says_where() -> None:
    assert str(ScriptProblem(file="a.sql", line=3, message="m")) == "a.sql:3: m"
    assert str(ScriptProblem(file="a.sql", message="m")) == "a.sql: m"
