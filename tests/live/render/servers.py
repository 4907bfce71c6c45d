"""Start and stop the real programs with rendered files. Loopback only; each is stopped by its pid, whatever happens."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from psycopg.conninfo import make_conninfo

from components.render import pgbouncer, pgbouncer_sql
from components.render.hba import Admission, hba_lines, ident_lines, pooler_hba
from components.render.parameters import server_parameters
from components.render.patroni import member_configuration
from components.render.sites import Certificate, MemberSite, PoolerSite, Sites, certificate, sites
from components.settings.load import load
from components.settings.model import Settings
from tests.live.render.authority import Authority

BINARIES = Path("/usr/lib/postgresql/15/bin")
USER = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
WAIT = 20.0


def free_base() -> int:
    """A base port whose first four ports, and those of the first member, nobody has."""
    for base in range(21000, 30000, 50):
        if all(_free(base + offset) for offset in (0, 1, 2, 3, 31, 41)):
            return base
    raise RuntimeError("no free ports between 21000 and 30000")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def wait_for_port(port: int, process: subprocess.Popen[bytes], what: str) -> None:
    deadline = time.monotonic() + WAIT
    while _free(port):
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended at once with {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} does not listen at {port} after {WAIT:.0f} s")
        time.sleep(0.05)


@contextmanager
def running(*arguments: str, what: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A program as the server user, from when it listens to the end of the block."""
    process = subprocess.Popen(arguments, user=USER, group=_group(), extra_groups=[], cwd="/")
    try:
        wait_for_port(port, process, what)
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # for PostgreSQL and PgBouncer: stop now, cleanly
        try:
            process.wait(WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _group() -> int:
    return pwd.getpwnam(USER).pw_gid


def own(folder: Path) -> None:
    """Everything below `folder` belongs to the server user, and nobody else may look."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            with suppress(FileNotFoundError):  # a running server's files come and go
                os.chown(path, pwd.getpwnam(USER).pw_uid, _group())
    folder.chmod(0o700)


class Stage:
    """A folder with certificates and settings for one member and a gateway."""

    def __init__(self, folder: Path, admissions: Collection[Admission] | None = None) -> None:
        self.folder, self.admissions = folder, admissions
        config = {
            "platform": "embedded",
            "replicas": 0,
            "durability": "asynchronous",
            "embedded": {"base_port": free_base()},
            "parameters": {"shared_buffers": "16MB", "work_mem": "3MB", "log_min_duration_statement": 1000},
        }
        self.settings: Settings = load(config, default_major=15)
        self.sites: Sites = sites(self.settings, str(folder), binaries=str(BINARIES), server_user=USER)
        self.member: MemberSite = self.sites.members[0]
        self._certificates()

    def _certificates(self) -> None:
        self._authority = authority = Authority()
        member, gateway = self.member, self.sites.gateway
        authority.issue("localhost", member.server)
        authority.issue("replicator", member.replicator)
        authority.issue("rewind", member.rewind)
        authority.issue("localhost", gateway.pooled.server)
        authority.issue("pgbouncer", gateway.pooled.login)
        authority.issue("client", gateway.client)
        authority.issue("postgres", self.sites.admin)
        shutil.copy(gateway.client.ca, self.sites.ca)
        for place in (member.sockets, member.logs):
            Path(str(place)).mkdir()

    def make_server(self) -> None:
        """What Patroni would do with the same configuration: initdb, the parameters, pg_hba.conf, pg_ident.conf."""
        own(self.folder)
        plain = member_configuration(self.settings, self.member)
        options = [f"--{name}" for name in plain["bootstrap"]["initdb"] if isinstance(name, str)]
        pairs = [item for item in plain["bootstrap"]["initdb"] if isinstance(item, dict)]
        options += [f"--{name}={value}" for pair in pairs for name, value in pair.items()]
        self.run(str(BINARIES / "initdb"), "-D", self.member.data, "-U", "postgres", "--no-sync", *options)
        data = Path(self.member.data)
        parameters = server_parameters(self.settings) | plain["postgresql"]["parameters"]
        lines = [f"{name} = '{value}'" for name, value in parameters.items()]
        (data / "postgresql.conf").write_text("\n".join([*lines, ""]))
        (data / "pg_hba.conf").write_text("\n".join([*hba_lines(self.admissions), ""]))
        (data / "pg_ident.conf").write_text("\n".join([*ident_lines(USER), ""]))
        own(self.folder)

    def postgres(self) -> list[str]:
        """The command line of the server."""
        listen = ["-c", f"listen_addresses={self.member.address}", "-p", str(self.member.port)]
        return [str(BINARIES / "postgres"), "-D", self.member.data, *listen]

    def post_init(self) -> None:
        """The script that Patroni runs on a new cluster."""
        Path(self.member.post_init).write_text(pgbouncer_sql.post_init_script(self.member))
        Path(self.member.post_init_sql).write_text(pgbouncer_sql.pgbouncer_sql())
        conninfo = make_conninfo(host=self.member.sockets, port=self.member.port, user="postgres", dbname="postgres")
        own(self.folder)
        self.run("/bin/sh", self.member.post_init, conninfo)

    def certificate(self, name: str) -> Certificate:
        """A client certificate of the cluster's authority."""
        made = certificate(PurePosixPath(self.member.directory) / "tls", name)
        self._authority.issue(name, made)
        return made

    def write_pooler(self, site: PoolerSite, version: pgbouncer.Version) -> None:
        Path(site.config_file).write_text(pgbouncer.pgbouncer_ini(self.settings, site, version))
        Path(site.hba).write_text(pooler_hba(self.admissions))
        Path(site.users).write_text(pgbouncer.users())
        Path(site.databases).write_text(pgbouncer.databases(self.member.address, self.member.port))
        own(self.folder)

    def run(self, *arguments: str) -> None:
        """A program as the server user, at most a minute; its messages are in the error when it fails."""
        done = subprocess.run(
            arguments, user=USER, group=_group(), extra_groups=[], cwd="/", capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr + done.stdout


@contextmanager
def stage(admissions: Collection[Admission] | None = None) -> Iterator[Stage]:
    """A `Stage` in a folder of its own (with a space in its name, as a checkout may have), gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="render test-"))
    try:
        yield Stage(folder, admissions)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
