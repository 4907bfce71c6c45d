from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.access.sql_text import line_at, statements

CASES = [
    pytest.param("", [], id="nothing"),
    pytest.param(" ;; -- only a comment;\n/* and ; /* nested ; */ ; */ ;", [], id="nothing but comments"),
    pytest.param("select 1", ["select 1"], id="no semicolon at the end"),
    pytest.param("select 1; select 2;\n", ["select 1", "select 2"], id="two"),
    pytest.param("select ';', \"a;b\", 'it''s;'; x", ["select ';', \"a;b\", 'it''s;'", "x"], id="quotes"),
    pytest.param(r"select E'\';', 'a\'; y", [r"select E'\';', 'a\'", "y"], id="backslash only in E strings"),
    pytest.param(
        "do $$ begin; end $$; do $a$ $$;$b$ $a$; z", ["do $$ begin; end $$", "do $a$ $$;$b$ $a$", "z"], id="$"
    ),
    pytest.param("select a$b$c; d$e$;", ["select a$b$c", "d$e$"], id="a dollar inside a name quotes nothing"),
    pytest.param("select $1; x", ["select $1", "x"], id="parameter"),
    pytest.param("create rule r as on x do (a; b); y", ["create rule r as on x do (a; b)", "y"], id="parentheses"),
    pytest.param(
        "create function f() begin atomic select case when a then b end; select 2; end; select 3",
        ["create function f() begin atomic select case when a then b end; select 2; end", "select 3"],
        id="a body that is no string",
    ),
    pytest.param("select 'never ends; x", ["select 'never ends", "x"], id="unterminated text is left to the server"),
]


@pytest.mark.parametrize(("text", "found"), CASES)
def test_statements(text: str, found: list[str]) -> None:
    assert [statement.text for statement in statements(text)] == found


def test_lines_and_words() -> None:
    text = "-- head\n\nselect (a from b) c;\n/* x\n */ create  index\nconcurrently i on t (lower(x))"
    first, second = statements(text)
    assert (first.line, first.words) == (3, ("SELECT", "C"))
    assert (second.line, second.words) == (5, ("CREATE", "INDEX", "CONCURRENTLY", "I", "ON", "T"))
    assert line_at(text, 0) == 1
    assert line_at(text, len(text)) == 6


@given(st.text(alphabet="a ;'\"$\\/*-\n(e)BEGIN", max_size=80))
def test_any_text_ends_and_nothing_is_invented(text: str) -> None:
    position = 0
    for statement in statements(text):
        position = text.index(statement.text, position) + len(statement.text)
        assert statement.text == statement.text.strip(" \n") != ""
