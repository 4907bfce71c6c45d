"""Which Python an environment is made with: new enough, able to make one, and reachable by who will run it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.setup.apt import install
from tools.setup.progress import SetupError

OLDEST = (3, 11)
ABLE = f"import sys, venv, ensurepip; sys.exit(sys.version_info < {OLDEST})"
NAMES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")


def python_for_environments(user: str | None = None) -> str:
    """A Python that can make environments and that `user` (default: we) can run.

    python3-venv is installed if that helps. Raises SetupError when there is none.
    """
    found = _find(user)
    if found is None and Path("/usr/bin/python3").exists():
        install(["python3-venv"], "Python's venv module")
        found = _find(user)
    if found is None:
        whom = f" that the account {user} can reach" if user else ""
        raise SetupError(
            f"no Python 3.11 or newer with its venv module{whom}: sudo apt-get install python3 python3-venv"
        )
    return found


def runs(python: str, program: str, user: str | None = None) -> bool:
    """Does `python -c program` succeed for that account?"""
    other: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    clean = {"PATH": "/usr/bin:/bin"}
    try:
        done = subprocess.run([python, "-c", program], cwd="/", env=clean, capture_output=True, timeout=60, **other)
    except (OSError, LookupError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _find(user: str | None) -> str | None:
    return next((python for python in _candidates() if runs(python, ABLE, user)), None)


def _candidates() -> Iterator[str]:
    """The system's own first: every account can reach it, and it outlives what a version manager moves about."""
    yield "/usr/bin/python3"
    yield getattr(sys, "_base_executable", sys.executable)
    yield from filter(None, map(shutil.which, NAMES))
