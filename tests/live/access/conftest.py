"""A scratch server on a socket of its own, as the user postgres; stopped by its pid whatever happens."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from components.access.session import Target

BINARIES = Path("/usr/lib/postgresql/15/bin")
LONGEST_WAIT_S = 60
PORT = 5432  # names the socket only: nothing listens on TCP
SETTINGS = """
listen_addresses = ''
fsync = off
log_statement = all
log_min_duration_statement = 0
shared_preload_libraries = 'pg_stat_statements'
max_connections = 200
"""


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The folder of a running server's socket; its log lies there as `log`."""
    folder = Path(tempfile.mkdtemp(prefix="access-"))
    try:
        user = _as_server_user(folder)
        data = folder / "data"
        _run(
            [BINARIES / "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "-D", data], user, folder
        )
        with (data / "postgresql.conf").open("a") as file:
            file.write(f"{SETTINGS}unix_socket_directories = '{folder}'\nport = {PORT}\n")
        yield from _running(data, folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_server_user(folder: Path) -> str | None:
    if os.getuid() != 0:
        return None
    entry = pwd.getpwnam("postgres")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return "postgres"


def _run(command: list[object], user: str | None, folder: Path) -> None:
    done = subprocess.run([str(part) for part in command], user=user, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _running(data: Path, folder: Path, user: str | None) -> Iterator[Path]:
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([BINARIES / "postgres", "-D", data], user=user, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(folder, process)
        yield folder
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=LONGEST_WAIT_S)


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + LONGEST_WAIT_S
    while True:
        try:
            psycopg.connect(host=str(folder), port=PORT, user="postgres", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, "the scratch server did not answer"
            time.sleep(0.05)


@pytest.fixture
def target(server: Path) -> Target:
    """The scratch server as its superuser."""
    return Target.at(f"host={server} port={PORT} user=postgres dbname=postgres")


@pytest.fixture
def mark(target: Target) -> Iterator[str]:
    """A name that no other test's roles and databases begin with; what begins with it is dropped afterwards."""
    name = f"t{secrets.token_hex(4)}"
    yield name
    with target.open(autocommit=True) as connection:
        like = f"{name}%"
        for (database,) in connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [like]
        ).fetchall():
            connection.execute(
                psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(database))
            )
        for (role,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [like]).fetchall():
            connection.execute(psycopg.sql.SQL("DROP ROLE {}").format(psycopg.sql.Identifier(role)))
