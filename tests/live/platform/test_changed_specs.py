"""A spec changed by hand, then `make up`: pooled sessions that are held, and logins by lines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.live.platform.test_make_up import as_administrator, changes, urls

pytestmark = pytest.mark.live
OPEN = "hostssl all all all scram-sha-256"
LINE = 'hostssl "pretamane" "pretamane_app" all scram-sha-256'


@contextmanager
def edited(project: Path, system: str, pattern: str, replacement: str) -> Iterator[None]:
    """A system's spec with one thing changed, and as it was afterwards."""
    file = project / "sql" / system / "access.yaml"
    before = file.read_text()
    after, count = re.subn(pattern, replacement, before, count=1)
    assert count == 1
    file.write_text(after)
    try:
        yield
    finally:
        file.write_text(before)


def url(project: Path, role: str, way: str) -> str:
    return next(str(record[way]) for record in urls(project) if record["role"] == role)


def show(session: psycopg.Connection[tuple[object, ...]], name: str) -> object:
    row = session.execute(f"SHOW {name}".encode()).fetchone()
    return row[0] if row else None


def test_a_held_pooled_session_has_new_settings_right_after_up(project: Path) -> None:
    with psycopg.connect(url(project, "faevision_app", "pooled"), autocommit=True) as session:
        before = show(session, "statement_timeout")
        with edited(project, "faevision", r"(faevision_app:(?:.|\n)*?statement_timeout: )\w+", r"\g<1>17s"):
            told = changes(project, "up")
            assert "RECONNECT" not in told  # nothing that a person has to do
            assert (before != "17s", show(session, "statement_timeout")) == (True, "17s")
        changes(project, "up")
        assert show(session, "statement_timeout") == before
    assert "nothing to change" in changes(project)


def test_an_order_that_poolers_never_got_is_the_next_ups(project: Path) -> None:
    # What a run leaves that is killed between its commit and the poolers.
    as_administrator(project, "ALTER DATABASE faevision SET postgres_platform.reconnect TO '2026-01-01T00:00:00'")
    with psycopg.connect(url(project, "faevision_app", "pooled"), autocommit=True) as session:
        backend = session.execute("SELECT pg_backend_pid()").fetchone()
        assert "RECONNECT on the poolers, which a run of 2026-01-01T00:00:00 has not told" in changes(project)
        changes(project, "up")
        assert session.execute("SELECT pg_backend_pid()").fetchone() != backend
    assert "nothing to change" in changes(project)


def test_auth_of_one_login_is_a_line_for_each_and_nobody_else(project: Path) -> None:
    direct = url(project, "pretamane_app", "direct")
    elsewhere = direct.replace("/pretamane?", "/postgres?")
    with psycopg.connect(elsewhere):
        pass  # the door is open to passwords, and PUBLIC may connect there
    as_administrator(project, "CREATE ROLE by_hand LOGIN PASSWORD 'only for this test'")
    with edited(project, "pretamane", r"(  pretamane_app:\n(?:.|\n)*?login: true\n)", r"\g<1>    auth: scram\n"):
        told = changes(project)
        assert f"- {OPEN}" in told and f"+ {LINE}" in told
        assert "by_hand logs in on this server and gets no line" in told
        changes(project, "up")
        assert "nothing to change" in changes(project)
        for record in urls(project):
            for way in ("pooled", "direct", "read_only"):
                with psycopg.connect(record[way]) as session:
                    assert session.execute("SELECT session_user").fetchone() == (record["role"],)
        with pytest.raises(psycopg.OperationalError, match=r"pg_hba.conf rejects connection .* database \"postgres\""):
            psycopg.connect(elsewhere)
    told = changes(project, "up")
    assert f"+ {OPEN}" in told and f"- {LINE}" in told
    with psycopg.connect(elsewhere):
        pass
    as_administrator(project, "DROP ROLE by_hand")
    assert "nothing to change" in changes(project)
