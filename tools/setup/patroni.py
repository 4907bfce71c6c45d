"""Patroni's own virtual environment, at a place and with a Python that the servers' account can reach."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

from tools.setup.places import PATRONI_REQUIREMENTS, patroni_home
from tools.setup.progress import SetupError, run
from tools.setup.pythons import python_for_environments, runs
from tools.setup.stamps import stamped, write


def server_user() -> str | None:
    """`postgres` for root, since no server runs as root; None (we ourselves) for anyone else."""
    return "postgres" if os.geteuid() == 0 else None


def ensure_patroni() -> None:
    """The environment is whole. Comes after the server programs, whose packages bring the account `postgres`."""
    home, user = patroni_home(), server_user()
    if stamped(home / "complete", home.name):
        return
    _require_account(user)
    python = python_for_environments(user)
    shutil.rmtree(home, ignore_errors=True)
    # The servers' account must be able to read it, whatever the person's own habit.
    habit = os.umask(0o022)
    try:
        own = _make(home, python)
    finally:
        os.umask(habit)
    if not runs(own, "import patroni, psycopg, dns", user):
        raise SetupError(
            f"the account {user or 'that runs this'} cannot run {own}: check the rights of the folders above it"
        )
    write(home / "complete", home.name)


def _make(home: Path, python: str) -> str:
    home.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    run("Patroni's virtual environment", [python, "-m", "venv", str(home)], limit=180)
    own = str(home / "bin" / "python")
    pip = [own, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "-r", str(PATRONI_REQUIREMENTS)]
    run("Patroni", pip, limit=900)
    return own


def _require_account(user: str | None) -> None:
    if user is None:
        return
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise SetupError(
            f"there is no account {user}, which runs the servers: sudo apt-get install postgresql-common"
        ) from None
