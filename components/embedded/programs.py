"""The programs that the platform runs: where they are, which of them are missing and how to get those."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from components.embedded import installed
from components.embedded.files import Account
from components.embedded.place import reachable
from components.render.pgbouncer import DEBIAN_12, Version

VARIABLE = "POSTGRES_PLATFORM_PATRONI"
PATRONI_VERSION = "4.1.5"
PATHS = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
PACKAGES: Mapping[str, str] = {"etcd": "etcd-server", "pgbouncer": "pgbouncer", "haproxy": "haproxy"}


@dataclass(frozen=True, kw_only=True)
class Programs:
    """Absolute paths. `patroni` is Patroni's virtual environment, `python` what supervisors run with."""

    etcd: str
    pgbouncer: str
    pgbouncer_version: Version
    haproxy: str
    binaries: str
    patroni: str
    python: str


def patroni_environment(given: str | None, searched: tuple[Path, ...]) -> Path | None:
    """Patroni's environment: the one that is named, else the newest that lies where `make up` puts it."""
    if given:
        return Path(given) if (Path(given) / "bin/patroni").is_file() else None
    found = [folder for below in searched for folder in below.glob("patroni-*") if (folder / "bin/patroni").is_file()]
    return max(found, key=lambda folder: (PATRONI_VERSION in folder.name, folder.name), default=None)


def find(major: int, account: Account) -> tuple[Programs, list[str]]:
    """All programs, and one sentence for each that is missing or out of the servers' reach."""
    server = installed.find(major)
    found = {name: _on_path(name, account) for name in PACKAGES}
    environment = patroni_environment(os.environ.get(VARIABLE), installed.kept())
    problems = list(_missing(found, server, major, environment, account))
    patroni = str(environment or "")
    made = Programs(
        etcd=found["etcd"] or "",
        pgbouncer=found["pgbouncer"] or "",
        pgbouncer_version=pgbouncer_version(found["pgbouncer"]),
        haproxy=found["haproxy"] or "",
        binaries=str(server.binaries) if server else "",
        patroni=patroni,
        # The interpreter behind the environment: supervisors need no package, so another environment is no restart.
        python=os.path.realpath(f"{patroni}/bin/python3") if patroni else "",
    )
    return made, problems


def _on_path(name: str, account: Account) -> str | None:
    """The first that the servers' account can start, else the first of all: one in someone's home hides no other."""
    everywhere = (shutil.which(name, path=folder) for folder in PATHS.split(os.pathsep) if folder)
    all_found = [path for path in everywhere if path]
    return next((path for path in all_found if _can_start(path, account)), next(iter(all_found), None))


def _can_start(path: str, account: Account) -> bool:
    """Links count twice: where they lie and where they lead to."""
    return reachable(Path(path), account) and reachable(Path(path).resolve(), account)


def _missing(
    found: Mapping[str, str | None],
    server: installed.Server | None,
    major: int,
    environment: Path | None,
    account: Account,
) -> Iterator[str]:
    for name, path in found.items():
        if path is None:
            yield f"the program {name} is missing: apt-get install {PACKAGES[name]}, or run make up, which does it"
        elif not _can_start(path, account):
            found_but = f"{path} cannot be reached by the account {account.name}, which runs it"
            yield f"{found_but}: apt-get install {PACKAGES[name]}"
    if server is None:
        yield installed.absent(major, sorted({one.major for one in installed.servers()}))
    elif not reachable(server.binaries, account):
        yield f"PostgreSQL in {server.binaries} cannot be reached by the account {account.name}, which runs it"
    if environment is None:
        named = os.environ.get(VARIABLE)
        where = (
            f"{VARIABLE} names {named}, where it is not"
            if named
            else f"looked in {', '.join(map(str, installed.kept()))}"
        )
        yield f"Patroni {PATRONI_VERSION} is missing ({where}): make up installs it"
    elif not reachable(environment, account):
        yield f"Patroni in {environment} cannot be reached by the account {account.name}, which runs it: run make up"


def pgbouncer_version(program: str | None) -> Version:
    """What `pgbouncer --version` says; the oldest supported one when it says nothing that we know."""
    if program is None:
        return DEBIAN_12
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    numbers = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    return (int(numbers[1]), int(numbers[2])) if numbers else DEBIAN_12
