"""Asks a server several questions in one statement, so that all answers are of one snapshot and one round trip."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]

_QUERIES = Path(__file__).parent / "queries"
_SINCE = re.compile(r" -- (\d\d)$")


def ask(connection: Connection, *questions: str, **parameters: Any) -> dict[str, Any]:
    """The answer to each of `questions`, which are files of queries/ that return one JSON value."""
    major = connection.info.server_version // 10000
    row = connection.execute(_statement(questions, major), parameters).fetchone()
    assert row is not None
    found: dict[str, Any] = json.loads(row[0])
    return found


@cache
def _statement(questions: tuple[str, ...], major: int) -> bytes:
    parts = (f"'{name}', (\n{_question(name, major)})" for name in questions)
    return f"SELECT json_build_object({', '.join(parts)})::text".encode()


def _question(name: str, major: int) -> str:
    """Less the lines that end in the number of a later major: a catalog cannot be asked where it is not."""
    lines = (_QUERIES / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not (found := _SINCE.search(line)) or int(found[1]) <= major) + "\n"
