"""Aurora whose password RDS keeps, reached from outside by Session Manager: the whole program, as in test_access.py.

What stands in besides: a program `aws` that carries connections on this machine (tests/plugins/session_manager).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from tests import plugins
from tests.live.rds.emulator import emulator
from tests.live.rds.server import rds_server
from tests.live.rds.whole import SYSTEM, Whole
from tests.ports import free_port

pytestmark = pytest.mark.live
TARGET = "i-0123456789abcdef0"
AURORA = {"topology": "aurora", "reach": {"by": "ssm", "target": TARGET}}
OTHER = "that RDS rotated to"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Tests of this file run in their order, on one stack."""
    home = tmp_path_factory.mktemp("outside")
    with rds_server() as server, emulator() as address:
        made = Whole(home, address, server, free_port(), AURORA)
        path = f"{plugins.folder('session_manager')}{os.pathsep}{made.environment['PATH']}"
        made.environment |= {"STANDIN_LOG": str(home / "calls"), "PATH": path}
        yield made


def calls(stack: Whole) -> list[list[str]]:
    return [json.loads(line) for line in Path(stack.environment["STANDIN_LOG"]).read_text().splitlines()]


def test_up_from_nothing_by_session_manager(stack: Whole) -> None:
    changes, _ = stack.run("up", replicas=0)
    assert set(changes) == {"create"}
    with stack.superuser().open(SYSTEM) as connection:
        found = connection.execute("SELECT count(*) FROM pg_policies WHERE tablename = 'projects'").fetchone()
    assert found is not None
    assert found[0] > 1
    asked = calls(stack)
    assert {tuple(words[:2]) for words in asked} == {("ssm", "start-session")}
    assert {words[words.index("--target") + 1] for words in asked} == {TARGET}
    secret = stack.outputs()["administrator_secret"]
    assert "rds!cluster-" in secret
    held = stack.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    password = json.loads(held)["password"]
    for text in [*stack.states(), *stack.shown, json.dumps(asked)]:
        assert password not in text
        assert "127.0.0.1" not in text  # by which port a session was carried is nobody's business later


def test_a_password_that_rds_rotated_is_the_one_of_the_next_session(stack: Whole) -> None:
    secret = stack.outputs()["administrator_secret"]
    stack.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=json.dumps({"password": OTHER}))
    with stack.superuser().open() as connection:
        connection.execute(sql.SQL("ALTER ROLE platform_admin PASSWORD {}").format(sql.Literal(OTHER)))
    assert set(stack.run("up", replicas=0)[0]) == {"same"}


def test_a_password_that_is_refused_stops_the_preview(stack: Whole) -> None:
    """Never a plan against an empty server that is not empty."""
    with stack.superuser().open() as connection:
        connection.execute("ALTER ROLE platform_admin PASSWORD 'of somebody else'")
    with pytest.raises(Exception, match="password authentication failed") as caught:
        stack.run("preview", replicas=0)
    assert "planned against an empty server" not in str(caught.value)
    assert OTHER not in str(caught.value)
