"""Roles made with a verifier log in with the clear password, whatever it holds, by every way a client gets it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from components.access import passwords
from components.access.environment_file import Reader, write
from tests.live.seeds.scratch import Scratch, scratch
from tests.unit.access_passwords.test_environment_file import read_by_docker
from tests.unit.access_passwords.test_passwords import THORNS

pytestmark = pytest.mark.live
KEY = b"a key of the stack, 32 bytes long"
ROLES = {f"thorn_{number}": password for number, password in enumerate(THORNS)}
ROUTES = ["pooled", "direct"]


@pytest.fixture(scope="module")
def server() -> Iterator[Scratch]:
    with scratch() as made:
        with psycopg.connect(made.admin(), autocommit=True) as connection:
            for role, password in ROLES.items():
                _set(connection, "CREATE", role, password)
        yield made


def _set(connection: psycopg.Connection, verb: str, role: str, password: str, generation: int = 0) -> None:
    made = passwords.verifier(password, key=KEY, role=role, generation=generation).reveal()
    parts = sql.SQL("CREATE" if verb == "CREATE" else "ALTER"), sql.Identifier(role), sql.Literal(made)
    connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(*parts))


def _whoami(url: str) -> str:
    with psycopg.connect(url, prepare_threshold=None) as connection:
        row = connection.execute("SELECT session_user").fetchone()
        assert row is not None
        return str(row[0])


def _port(server: Scratch, route: str) -> int:
    return server.pooled if route == "pooled" else server.port


def _psql(arguments: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["psql", "-X", "-w", "-A", "-t", "-c", "SELECT session_user", *arguments],
        env={"PATH": os.environ["PATH"], "PGCLIENTENCODING": "UTF8", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("role", ROLES)
def test_by_url(server: Scratch, role: str, route: str) -> None:
    url = f"postgresql://{role}:{quote(ROLES[role], safe='')}@localhost:{_port(server, route)}/postgres"
    assert _psql([url], {}) == role
    with psycopg.connect(url, prepare_threshold=None) as connection:
        assert connection.execute("SELECT session_user").fetchone() == (role,)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("reader", ["sh", "docker"])
@pytest.mark.parametrize("role", ROLES)
def test_by_environment_file(server: Scratch, role: str, reader: Reader, route: str, tmp_path: Path) -> None:
    file = tmp_path / "app.env"
    port = str(_port(server, route))
    write(file, {"PGPASSWORD": ROLES[role], "PGUSER": role, "PGPORT": port, "PGHOST": "localhost"}, reader)
    if reader == "docker":
        assert _psql(["postgres"], read_by_docker(file.read_text())) == role
        return
    script = 'set -a; . "$1"; set +a; exec psql -X -w -A -t -c "SELECT session_user" postgres'
    done = subprocess.run(
        ["sh", "-c", script, "sh", str(file)], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.stdout.strip() == role, done.stderr


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("role", ROLES)
def test_a_wrong_password_is_refused(server: Scratch, role: str, route: str) -> None:
    wrong = quote(ROLES[role] + "x", safe="")
    with pytest.raises(psycopg.OperationalError, match=r"password authentication failed|SASL"):
        psycopg.connect(f"postgresql://{role}:{wrong}@localhost:{_port(server, route)}/postgres")


def test_two_spellings_of_a_character_are_one_password(server: Scratch) -> None:
    role = next(role for role, password in ROLES.items() if "e\u0301" in password)
    composed = ROLES[role].replace("e\u0301", "\u00e9")
    url = f"postgresql://{role}:{quote(composed, safe='')}@localhost:{server.port}/postgres"
    assert _whoami(url) == role


def test_setting_an_unchanged_password_again_keeps_what_is_stored_and_a_new_generation_does_not(
    server: Scratch,
) -> None:
    stored = "SELECT rolpassword FROM pg_authid WHERE rolname = 'thorn_0'"
    with psycopg.connect(server.admin(), autocommit=True) as connection:
        before = connection.execute(stored).fetchone()
        _set(connection, "ALTER", "thorn_0", THORNS[0])
        assert connection.execute(stored).fetchone() == before
        assert before is not None
        assert passwords.matches(before[0], THORNS[0])
        _set(connection, "ALTER", "thorn_0", THORNS[0], generation=1)
        assert connection.execute(stored).fetchone() != before
    url = f"postgresql://thorn_0:{quote(THORNS[0], safe='')}@localhost:{server.port}/postgres"
    assert _whoami(url) == "thorn_0"


def test_a_rotated_password_passes_the_pooler_at_once_and_the_old_one_does_not(server: Scratch) -> None:
    def url(password: str) -> str:
        return f"postgresql://rotating:{password}@localhost:{server.pooled}/postgres"

    with psycopg.connect(server.admin(), autocommit=True) as connection:
        _set(connection, "CREATE", "rotating", "first-password")
        with psycopg.connect(url("first-password"), prepare_threshold=None) as open_session:
            assert open_session.execute("SELECT 1").fetchone() == (1,)
            _set(connection, "ALTER", "rotating", "second-password", generation=1)
            # The open transaction keeps its server connection, so the new login needs one of its own.
            assert _whoami(url("second-password")) == "rotating"
            with pytest.raises(psycopg.OperationalError):
                _whoami(url("first-password"))
            assert open_session.execute("SELECT 2").fetchone() == (2,)


def test_no_log_holds_a_clear_password(server: Scratch) -> None:
    log = server.log
    assert "CREATE ROLE" in log, "log_statement = ddl should have logged the statements"
    assert not any(password.strip() in log for password in ROLES.values() if password.strip())
