"""The PgBouncer of the pooler's image (Debian 13's), on a machine of Debian 12: its package unpacked, never installed.

apt fetches it with lists of its own, beside the unpacked PostgreSQL 17, whose C library it runs with.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.setup import trixie
from tools.setup.progress import SetupError

PACKAGES = ("pgbouncer", "libevent-2.1-7t64", "libcares2")
FETCH_S = 300.0


def pooler_program(folder: Path) -> Path:
    """A program `pgbouncer` in `folder`; the test is skipped where it cannot be had."""
    libraries, home = trixie.found(), trixie.home().with_name("pgbouncer-debian-13")
    if libraries is None or shutil.which("apt-get") is None:
        pytest.skip(trixie.ASK)
    if not (home / "complete").exists():
        _fetch(home)
    (loader,) = libraries.glob(trixie.LOADERS)
    own = next((home / "root/usr/lib").glob("*/libevent-2.1.so.7")).parent
    program = folder / "pgbouncer"
    line = f'exec {loader} --library-path {loader.parent}:{own} {home}/root/usr/sbin/pgbouncer "$@"'
    program.write_text(f"#!/bin/sh\n{line}\n")
    program.chmod(0o755)
    return program


def _fetch(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    for name in ("lists/partial", "archives/partial", "packages", "root"):
        (home / name).mkdir(parents=True)
    home.chmod(0o755)
    try:
        source = f"deb [signed-by={trixie.KEYRING}] {trixie.mirror()} {trixie.SUITE} main\n"
    except SetupError as why:
        pytest.skip(str(why))
    (home / "sources.list").write_text(source)
    (home / "status").touch()
    places = {
        "Dir::Etc::sourcelist": home / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": home / "lists",
        "Dir::State::status": home / "status",
        "Dir::Cache": home,
        "APT::Sandbox::User": "root",
    }
    options = [word for name, value in places.items() for word in ("-o", f"{name}={value}")]
    for words in (("update", "-q"), ("download", "-q", *PACKAGES)):
        done = subprocess.run(
            ["apt-get", *options, *words], cwd=home / "packages", capture_output=True, text=True, timeout=FETCH_S
        )
        if done.returncode:
            pytest.skip(f"Debian 13's PgBouncer cannot be fetched here: {done.stderr.strip()[-300:]}")
    for package in (home / "packages").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(home / "root")], check=True, timeout=60)
    shutil.rmtree(home / "lists")
    (home / "complete").touch()
