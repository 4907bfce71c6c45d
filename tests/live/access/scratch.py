"""A scratch server of any major on a socket of its own, as the user postgres; stopped by its pid whatever happens."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from components.render.sites import Certificate
from tests.live.render.authority import Authority
from tools.setup.majors import programs
from tools.setup.servers import newest

LONGEST_WAIT_S = 60
MEMORY = Path("/dev/shm")  # noqa: S108  # each test makes a database, which on a busy disk takes most of the time
HBA = """
local all all trust
hostssl all postgres 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
hostssl all all ::1/128 scram-sha-256
"""
SETTINGS = """
listen_addresses = '127.0.0.1, ::1'
ssl = on
ssl_cert_file = '../pki/server.crt'
ssl_key_file = '../pki/server.key'
ssl_ca_file = '../pki/ca.crt'
fsync = off
log_statement = all
log_min_duration_statement = 0
shared_preload_libraries = 'pg_stat_statements'
max_connections = 200
"""


def majors() -> list[int]:
    """Every major that this machine has server programs of."""
    return [major for major in range(14, 19) if programs(major)]


def packaged() -> int:
    """The major of the machine's own packages, which most tests run on."""
    return newest() or majors()[0]


def in_memory() -> dict[str, str]:
    """The environment of a long run of tests, whose servers lie in memory where there is any to write to."""
    return {"TMPDIR": str(MEMORY)} if os.access(MEMORY, os.W_OK) else {}


@contextmanager
def scratch_server(major: int, binaries: Path | None = None, more: str = "") -> Iterator[Path]:
    """The folder of a running server's socket; its log lies there as `log`.

    `binaries`: other programs than usual. `more`: lines of postgresql.conf.
    """
    binaries = binaries or programs(major)
    assert binaries is not None, f"no server programs of PostgreSQL {major}; `make matrix` fetches them"
    folder = Path(tempfile.mkdtemp(prefix="access-"))
    try:
        user = _as_server_user(folder)
        data = folder / "data"
        initdb = [binaries / "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        _run([*initdb, "-D", data], user, folder)
        with (data / "postgresql.conf").open("a") as file:
            file.write(f"{SETTINGS}{more}\nunix_socket_directories = '{folder}'\nport = {_free_port()}\n")
        (data / "pg_hba.conf").write_text(HBA)
        _certificates(folder / "pki", user)
        yield from _running([binaries / "postgres", "-D", data], folder, user)
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _certificates(pki: Path, user: str | None) -> None:
    """For the server, and for postgres as a client, who is whoever runs the tests."""
    authority = Authority()
    for called, common in (("server", "localhost"), ("admin", "postgres")):
        files = Certificate(certificate=f"{pki}/{called}.crt", key=f"{pki}/{called}.key", ca=f"{pki}/ca.crt")
        authority.issue(common, files)
    if user:
        os.chown(pki / "server.key", pwd.getpwnam(user).pw_uid, -1)


def port(folder: Path) -> int:
    return int(next(folder.glob(".s.PGSQL.*[0-9]")).name.rpartition(".")[2])


def _running(command: list[Path | str], folder: Path, user: str | None) -> Iterator[Path]:
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, user=user, cwd=folder, stdout=log, stderr=log)
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
            psycopg.connect(host=str(folder), port=port(folder), user="postgres", dbname="postgres").close()
            return
        except (psycopg.OperationalError, StopIteration):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, "the scratch server did not answer"
            time.sleep(0.05)
