"""A throw-away server with PgBouncer before it: what the seeds' tests run on where no platform is up.

SCRAM on both sides, the pooler asks the server for verifiers as the platforms' poolers do, transaction pooling. No TLS:
that is the platform's to show, and the same tests run on it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from components.embedded.installed import Server
from tests.ports import free_port

SECONDS = 60  # longest wait for a program to answer
SETTINGS = """
listen_addresses = '127.0.0.1'
password_encryption = scram-sha-256
cron.database_name = 'postgres'
cron.use_background_workers = on
fsync = off
log_statement = ddl
"""
GET_AUTH = """
CREATE SCHEMA pgbouncer;
CREATE FUNCTION pgbouncer.get_auth(INOUT name text, OUT secret text) LANGUAGE sql SECURITY DEFINER STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT rolname, rolpassword FROM pg_authid WHERE rolname = name AND rolcanlogin $$;
REVOKE ALL ON FUNCTION pgbouncer.get_auth FROM public;
GRANT USAGE ON SCHEMA pgbouncer TO pgbouncer;
GRANT EXECUTE ON FUNCTION pgbouncer.get_auth TO pgbouncer;
"""
POOLER = """
[databases]
* = host=127.0.0.1 port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {pooled}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
auth_user = pgbouncer
auth_query = SELECT name, secret FROM pgbouncer.get_auth($1)
pool_mode = transaction
default_pool_size = 2
server_reset_query_always = 0
ignore_startup_parameters = extra_float_digits
logfile = {folder}/pooler.log
pidfile = {folder}/pooler.pid
"""


@dataclass(frozen=True, kw_only=True)
class Programs:
    """A server's programs: where they are and what they load."""

    binaries: Path
    preload: str = "pg_stat_statements,pg_cron,pgaudit"

    def command(self, owner: pwd.struct_passwd, program: str, *arguments: str) -> list[str]:
        """How to run one as the server's user."""
        return [*_as(owner), str(self.binaries / program), *arguments]


def _as(owner: pwd.struct_passwd) -> list[str]:
    """Replaces itself with the command, so that signals reach it; nothing where we are that account ourselves."""
    as_owner = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    return as_owner if os.geteuid() == 0 else []


DEBIAN_12 = Programs(binaries=Path("/usr/lib/postgresql/15/bin"))


def debian_13(server: Server) -> Programs:
    """The one with TimescaleDB."""
    return Programs(binaries=server.binaries, preload="timescaledb,pg_stat_statements,pg_cron,pgaudit")


@dataclass(frozen=True, kw_only=True)
class Scratch:
    """`folder` holds the administrator's socket, the log and the pooler's files."""

    folder: Path
    port: int
    pooled: int

    def admin(self, database: str = "postgres") -> str:
        """The administrator by the unix socket, without a password."""
        return f"host={self.folder} port={self.port} dbname={database} user=postgres"

    @property
    def log(self) -> str:
        """Everything that the server and the pooler logged so far."""
        return "".join((self.folder / name).read_text() for name in ("server.log", "pooler.log"))


@contextmanager
def scratch(programs: Programs = DEBIAN_12) -> Iterator[Scratch]:
    """Starts both, stops both; nothing is left."""
    folder = Path(tempfile.mkdtemp(prefix="seeds-", dir="/tmp"))
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    shutil.chown(folder, owner.pw_uid, owner.pw_gid)
    server = Scratch(folder=folder, port=free_port(), pooled=free_port())
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(_start_server(server, owner, programs))
        started.append(_start_pooler(server, owner))
        yield server
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGINT)  # both: stop now, cleanly
        for process in reversed(started):
            process.wait(SECONDS)
        shutil.rmtree(folder)


def _start_server(server: Scratch, owner: pwd.struct_passwd, programs: Programs) -> subprocess.Popen[bytes]:
    data = server.folder / "data"
    options = ["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    initdb = programs.command(owner, "initdb", "-D", str(data), *options)
    subprocess.run(initdb, check=True, capture_output=True, cwd="/")
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(f"{SETTINGS}port = {server.port}\nunix_socket_directories = '{server.folder}'\n")
        settings.write(f"shared_preload_libraries = '{programs.preload}'\n")
    (data / "pg_ident.conf").write_text(f"admin root postgres\nadmin {owner.pw_name} postgres\n")
    rules = ["local all postgres peer map=admin", "host all all 127.0.0.1/32 scram-sha-256"]
    (data / "pg_hba.conf").write_text("\n".join(rules) + "\n")
    argv = programs.command(owner, "postgres", "-D", str(data))
    process = _start(argv, server.folder / "server.log")
    _wait(lambda: psycopg.connect(server.admin(), connect_timeout=2).close(), process, "PostgreSQL")
    _prepare(server)
    return process


def _prepare(server: Scratch) -> None:
    """What the platform's bootstrap does: the pooler's login and its function, in every database made from now on."""
    with psycopg.connect(server.admin(), autocommit=True) as connection:
        connection.execute("CREATE ROLE pgbouncer LOGIN PASSWORD 'of the pooler alone'")
    for database in ("template1", "postgres"):
        with psycopg.connect(server.admin(database), autocommit=True) as connection:
            connection.execute(GET_AUTH)


def _start_pooler(server: Scratch, owner: pwd.struct_passwd) -> subprocess.Popen[bytes]:
    for name, text in (
        ("users.txt", '"pgbouncer" "of the pooler alone"\n'),
        ("pooler.ini", POOLER.format(port=server.port, pooled=server.pooled, folder=server.folder)),
    ):
        (server.folder / name).write_text(text)
        shutil.chown(server.folder / name, owner.pw_uid, owner.pw_gid)
        (server.folder / name).chmod(0o600)
    argv = [*_as(owner), "/usr/sbin/pgbouncer", "--quiet", str(server.folder / "pooler.ini")]
    process = _start(argv, server.folder / "pooler.out")
    _wait(lambda: socket.create_connection(("127.0.0.1", server.pooled), 2).close(), process, "PgBouncer")
    return process


def _start(argv: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(argv, stdout=output, stderr=output, cwd="/")


def _wait(attempt: Callable[[], None], process: subprocess.Popen[bytes], name: str) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            attempt()
            return
        except (OSError, psycopg.OperationalError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise AssertionError(f"{name} did not answer within {SECONDS} s: {error}") from None
            time.sleep(0.1)
