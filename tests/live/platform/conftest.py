"""The whole project, brought up by `make up` in a copy of its own: what a newcomer does, and what they do wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project_copy import copy_of_project, make

# Every character that some file, shell or URL on the way treats as its own, and some that are not ASCII.
THORNY = "#Thaw$in2k77!'\"\\%:@/?& é漢🐘"
KILLED_AFTER = 6.0  # seconds; in the middle of starting servers on any machine


def set_secret(copy: Path, name: str, value: str) -> None:
    """As the README says it: the password on standard input, never on a command line."""
    done = subprocess.run(
        ["./tools/run", "pulumi", "config", "set", "--secret", "--path", f"postgres-platform:secrets.{name}"],
        cwd=copy,
        input=value,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def start_and_kill(copy: Path) -> None:
    """`make up`, ended by kill -9 of all of it in the middle."""
    process = subprocess.Popen(
        ["make", "-C", str(copy), "up"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    time.sleep(KILLED_AFTER)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="session")
def project() -> Iterator[Path]:
    """A cluster that is up: the first `make up` was killed, the second finished the job."""
    folder = Path(tempfile.mkdtemp(prefix="platform-", dir="/tmp"))  # a short path, in reach of the servers' account
    folder.chmod(0o755)
    copy = copy_of_project(folder)
    try:
        assert make(copy, "env").returncode == 0  # the tools are there before the clock of the kill starts
        set_secret(copy, "pretamane_app", THORNY)
        start_and_kill(copy)
        done = make(copy, "up")
        assert done.returncode == 0, done.stdout + done.stderr
        yield copy
    finally:
        make(copy, "reset")
        shutil.rmtree(folder)
