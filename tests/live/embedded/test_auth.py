"""Who gets in, on a real cluster: lines previewed as text, in force by a reload; drift seen on every member."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pulumi import automation

from components.patroni.waiting import until
from components.render.hba import Admission
from tests.live.embedded.stack import BASE_PORT, Stack

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
WRITER, READER, POOLED, POOLED_READER = range(BASE_PORT, BASE_PORT + 4)
APP = Admission(role="app", database="shop", method="scram-sha-256")
BATCH = Admission(role="batch", database="shop", method="cert")
OPEN = "hostssl all all all scram-sha-256"
LINES = ['hostssl "shop" "app" all scram-sha-256', 'hostssl "shop" "batch" all cert']


def enters(stack: Stack, port: int, user: str, database: str) -> tuple[object, ...] | None:
    words = f"host=localhost port={port} dbname={database} user={user} connect_timeout=5"
    trust = f"sslmode=verify-full sslrootcert={stack.local}/ca.crt"
    with psycopg.connect(f"{words} {trust}", password="only for this test") as session:
        return session.execute("SELECT session_user, current_database()").fetchone()


def hba(stack: Stack, member: str) -> Path:
    return stack.local / member / "data/pg_hba.conf"


def lines(stack: Stack, member: str) -> list[str]:
    return [line for line in hba(stack, member).read_text().splitlines() if line and not line.startswith("#")]


def test_without_auth_every_password_is_tried(stack: Stack) -> None:
    stack.up(replicas=1, durability="asynchronous")
    with stack.session(WRITER) as session:
        for role in ("app", "batch", "stranger"):
            session.execute(
                psycopg.sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'only for this test'").format(
                    psycopg.sql.Identifier(role)
                )
            )
        session.execute("CREATE DATABASE shop")
    for port in (WRITER, POOLED):
        assert enters(stack, port, "stranger", "shop") == ("stranger", "shop")
    assert all(OPEN in lines(stack, member) for member in stack.members())


def test_the_preview_shows_the_lines_and_who_gets_none(stack: Stack) -> None:
    stack.admissions = (APP, BATCH)
    shown = stack.preview(replicas=1, durability="asynchronous").text
    assert "pg_hba.conf of every member: reload, nobody is cut off" in shown
    assert f"- {OPEN}" in shown
    assert all(f"+ {line}" in shown for line in LINES)
    assert "stranger logs in on this server and gets no line" in shown
    assert "app logs in on this server" not in shown


def test_lines_come_into_force_by_a_reload(stack: Stack) -> None:
    before = {name: stack.started(port) for name, port in stack.members().items()}
    stack.up(replicas=1, durability="asynchronous")
    for member in stack.members():
        found = lines(stack, member)
        assert [line for line in found if '"' in line] == LINES
        assert OPEN not in found
    assert {name: stack.started(port) for name, port in stack.members().items()} == before
    assert stack.preview(replicas=1, durability="asynchronous").changed() == 0


@pytest.mark.parametrize("port", [WRITER, READER, POOLED, POOLED_READER])
def test_only_who_is_named_gets_in(stack: Stack, port: int) -> None:
    assert until(lambda: enters(stack, port, "app", "shop"), 10, "a session of app") == ("app", "shop")
    refusal = "login rejected" if port in (POOLED, POOLED_READER) else "pg_hba.conf rejects connection"
    for user, database in (("app", "postgres"), ("stranger", "shop")):
        with pytest.raises(psycopg.OperationalError, match=refusal):
            enters(stack, port, user, database)


def test_the_pooler_has_no_way_for_certificates(stack: Stack) -> None:
    with pytest.raises(psycopg.OperationalError, match="login rejected"):
        enters(stack, POOLED, "batch", "shop")
    with pytest.raises(psycopg.OperationalError, match="requires a valid client certificate"):
        enters(stack, WRITER, "batch", "shop")


def test_a_certificate_made_as_the_runbook_says_lets_its_login_in(stack: Stack, tmp_path: Path) -> None:
    key, request, made = (str(tmp_path / f"batch.{kind}") for kind in ("key", "csr", "crt"))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    authority = ["-CA", str(stack.local / "pki/ca.crt"), "-CAkey", str(stack.local / "pki/ca.key")]
    for command in (
        ["req", "-new", *curve, "-subj", "/CN=batch", "-keyout", key, "-out", request],
        ["x509", "-req", "-in", request, *authority, "-days", "90", "-out", made],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True, timeout=30)
    words = (
        f"host=localhost user=batch sslmode=verify-full sslrootcert={stack.local}/ca.crt sslcert={made} sslkey={key}"
    )
    with psycopg.connect(f"{words} port={WRITER} dbname=shop") as session:
        assert session.execute("SELECT session_user").fetchone() == ("batch",)
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba.conf rejects connection"):
        psycopg.connect(f"{words} port={WRITER} dbname=postgres")
    with pytest.raises(psycopg.OperationalError, match='certificate authentication failed for user "postgres"'):
        psycopg.connect(f"{words.replace('user=batch', 'user=postgres')} port={WRITER} dbname=postgres")
    with pytest.raises(psycopg.OperationalError, match="login rejected"):
        psycopg.connect(f"{words} port={POOLED} dbname=shop")


@pytest.mark.parametrize(
    "added, told",
    [
        pytest.param(f"{OPEN}\n", f"pg_hba.conf has a line besides: {OPEN}", id="a door opened by hand"),
        pytest.param("hostssl all all all scrum\n", 'PostgreSQL says: invalid authentication method "scrum"', id="bad"),
    ],
)
def test_a_file_edited_by_hand_is_drift_and_repaired(stack: Stack, added: str, told: str) -> None:
    leader = stack.leader()
    replica = next(name for name in stack.members() if name != leader)
    for member in (leader, replica):
        text = hba(stack, member).read_text()
        hba(stack, member).write_text(added + text)
    shown = stack.preview(replicas=1, durability="asynchronous").text
    assert all(f"drift: {member}: pg_hba.conf" in shown for member in (leader, replica))
    assert told in shown
    stack.up(replicas=1, durability="asynchronous")
    assert all(added.strip() not in lines(stack, member) for member in (leader, replica))
    assert stack.preview(replicas=1, durability="asynchronous").changed() == 0


def test_lines_edited_in_the_shared_configuration_are_drift(stack: Stack) -> None:
    from tests.live.embedded.test_cluster import patroni

    patroni(stack).order(
        stack.leader(), "PATCH", "/config", {"postgresql": {"pg_hba": [f"host all all all {'trust'}"]}}, "by hand"
    )
    shown = stack.preview(replicas=1, durability="asynchronous").text
    assert "dynamic configuration: pg_hba has a line besides: host all all all trust" in shown
    assert f"dynamic configuration: pg_hba lacks the line: {LINES[0]}" in shown
    stack.up(replicas=1, durability="asynchronous")
    assert [line for line in lines(stack, stack.leader()) if '"' in line] == LINES


def test_a_line_that_postgresql_refuses_ends_the_up_in_its_words(stack: Stack) -> None:
    unknown: Any = "scrum"  # which no spec can say
    stack.admissions = (APP, Admission(role="batch", database="shop", method=unknown))
    try:
        with pytest.raises(automation.CommandError) as refused:
            stack.up(replicas=1, durability="asynchronous")
        assert 'PostgreSQL says: invalid authentication method "scrum"' in str(refused.value)
        assert enters(stack, WRITER, "app", "shop") == ("app", "shop")  # by the lines from before
    finally:
        stack.admissions = None
    stack.up(replicas=1, durability="asynchronous")
    assert enters(stack, POOLED, "stranger", "shop") == ("stranger", "shop")
