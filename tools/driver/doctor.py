"""`make doctor`: what `make up` needs, what is there, and what to do about the rest. Installs and changes nothing."""

from __future__ import annotations

import platform
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from components.embedded import installed
from tools.driver import cluster, settings
from tools.driver.project import Project
from tools.driver.refusal import Refusal
from tools.setup import asked, pulumi, servers
from tools.setup.go import ADVICE
from tools.setup.patroni import server_user
from tools.setup.places import ROOT, patroni_home
from tools.setup.pythons import runs

ENOUGH_DISK = 2 * 1024**3
HERE = "127.0.0.1"
VERSION_BY = {"haproxy": "-v", "pgbackrest": "version"}


@dataclass(frozen=True)
class Finding:
    """`advice` is what to do when it is not good."""

    what: str
    found: str
    good: bool
    advice: str = ""


def examine(project: Project) -> list[Finding]:
    """Everything, in the order in which `make up` would come upon it."""
    return [
        _python(),
        *_servers(),
        *_asked(project),
        _patroni(),
        _pulumi(),
        _launcher(),
        _disk(project),
        *_stack(project),
    ]


def _python() -> Finding:
    return Finding("Python", platform.python_version(), True)


def _servers() -> Iterator[Finding]:
    for program, package in servers.PROGRAMS.items():
        path = servers.find(program)
        found = servers.version_of(program, VERSION_BY.get(program, "--version")) if path else "missing"
        yield Finding(program, found, path is not None, f"make up installs the package {package}")
    major = servers.newest()
    yield Finding("PostgreSQL", str(major or "missing"), major is not None, "make up installs the package postgresql")


def _asked(project: Project) -> Iterator[Finding]:
    """The major that the stack names, if it names one."""
    major = asked.asked_major(asked.configuration(project.stack_file))
    if major is None:
        return
    server = installed.find(major)
    had = sorted({one.major for one in installed.servers()})
    found = f"{server.binaries}, extensions: {_optional(server)}" if server else "missing"
    yield Finding(f"PostgreSQL {major} for {project.stack}", found, server is not None, installed.absent(major, had))


def _optional(server: installed.Server) -> str:
    """Those that come in packages of their own."""
    return ", ".join(sorted(server.offered() & servers.EXTENSIONS.keys())) or "none beyond PostgreSQL's own"


def _patroni() -> Finding:
    home, user = patroni_home(), server_user()
    if not (home / "complete").exists():
        return Finding("Patroni", "not installed yet", False, "make up installs it")
    reachable = runs(str(home / "bin" / "python"), "import patroni", user)
    whom = user or "this account"
    return Finding("Patroni", str(home), reachable, f"{whom} cannot run it; remove that folder and run make up")


def _pulumi() -> Finding:
    program = pulumi.usable()
    return Finding(
        "Pulumi CLI", str(program or "missing"), program is not None, f"make up installs or builds it; {ADVICE}"
    )


def _launcher() -> Finding:
    found = shutil.which(pulumi.LAUNCHER)
    return Finding("launcher of dynamic providers", found or "missing", found is not None, "make up fetches it")


def _disk(project: Project) -> Finding:
    place = cluster.directory(project)
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    return Finding("free disk", f"{free / 1024**3:.1f} GB below {place}", free > ENOUGH_DISK, "a cluster needs 2 GB")


def _stack(project: Project) -> Iterator[Finding]:
    if project.root != ROOT or not project.stack_file.is_file():
        return
    try:
        asked = settings.check(project)
    except Refusal as refusal:
        yield Finding(project.stack_file.name, str(refusal), False)
        return
    yield Finding(project.stack_file.name, "no problems", True)
    if asked.platform == "embedded" and cluster.read(cluster.directory(project)) is None:
        taken = [port for port in _ports(asked.embedded.base_port) if not _free(port)]
        found = f"in use: {', '.join(map(str, taken))}" if taken else "free"
        advice = "end who uses them, or set embedded.base_port in the stack file"
        yield Finding(f"ports from {asked.embedded.base_port}", found, not taken, advice)


def _ports(base: int) -> Iterator[int]:
    """As the platform counts them: clients, etcd, PostgreSQL, Patroni."""
    for first, count in ((0, 4), (11, 3), (21, 3), (31, 5), (41, 5)):
        yield from range(base + first, base + first + count)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HERE, port))
        except OSError:
            return False
    return True
