"""Aurora whose password RDS keeps, reached from outside by Session Manager: the whole program, as in test_access.py.

What stands in besides: a program `aws` that carries connections on this machine (tests/plugins/session_manager).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from components.reach.route import close_all
from components.settings.load import load
from tests import plugins
from tests.live.rds.emulator import emulator
from tests.live.rds.server import rds_server
from tests.live.rds.stack import REGION
from tests.live.rds.whole import SYSTEM, Whole
from tests.ports import free_port
from tools.driver import aws

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


def test_psql_goes_the_same_way(stack: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the administrator, and as a login by its URL, which names a file that only applications have."""
    for name in ("STANDIN_LOG", "PATH"):
        monkeypatch.setenv(name, stack.environment[name])
    settings = load({**stack.configured({"region": REGION}, replicas=0), "name": "main"})
    outputs = stack.outputs()
    url = next(one["direct"] for one in outputs["urls"] if one["role"] == "faevision_app")
    for login, user, database in ((None, "platform_admin", "postgres"), (url, "faevision_app", SYSTEM)):
        with aws.session(settings, outputs, login, "") as variables:
            assert variables["PGHOSTADDR"] == "127.0.0.1"
            command = [
                "psql",
                "-XAtc",
                "SELECT current_user, current_database(), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            ]
            done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == (f"{user}|{database}|t\n", "")
    close_all()


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
