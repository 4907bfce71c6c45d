"""The pooler's image cannot be built here, for want of a container runtime; its two programs are run as they are."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.ports import free_port

pytestmark = pytest.mark.live
IMAGE = Path(__file__).parents[3] / "components" / "rds" / "image"
GIVEN = {
    "PGBOUNCER_INI": "[pgbouncer]\npool_mode = transaction",
    "DATABASES_INI": "[databases]\n* = host=a,b port=5432",
    "TLS_CERTIFICATE": "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
    "TLS_KEY": "a key of the test's",
    "USERLIST": '"pgbouncer" "a $(touch x) `touch y` \\ password"',
}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder that is first on PATH, where `pgbouncer` says what it was given."""
    folder = tmp_path / "programs"
    folder.mkdir()
    stand_in = folder / "pgbouncer"
    stand_in.write_text('#!/bin/sh\necho "$@"\nenv\n')
    stand_in.chmod(0o755)
    return folder


def entered(tmp_path: Path, programs: Path, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    own = {"PATH": f"{programs}:{os.environ['PATH']}", "POOLER_FOLDER": str(tmp_path)}
    return subprocess.run(
        [str(IMAGE / "entry")], env={**own, **given}, cwd=tmp_path, capture_output=True, text=True, check=False
    )


def test_the_entry_writes_each_file_as_it_was_given_for_itself_alone(tmp_path: Path, programs: Path) -> None:
    done = entered(tmp_path, programs, GIVEN)
    assert done.returncode == 0, done.stderr
    files = {"pgbouncer.ini": "PGBOUNCER_INI", "databases.ini": "DATABASES_INI", "server.crt": "TLS_CERTIFICATE"}
    files |= {"server.key": "TLS_KEY", "userlist.txt": "USERLIST"}
    for file, variable in files.items():
        assert (tmp_path / file).read_text() == f"{GIVEN[variable]}\n"
        assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*files, "programs"])


def test_pgbouncer_is_started_without_the_secrets_in_its_environment(tmp_path: Path, programs: Path) -> None:
    said = entered(tmp_path, programs, GIVEN).stdout
    assert said.startswith(f"{tmp_path}/pgbouncer.ini\n")
    assert not any(line.partition("=")[0] in GIVEN for line in said.splitlines())


def test_what_is_missing_is_named_and_nothing_is_started(tmp_path: Path, programs: Path) -> None:
    done = entered(tmp_path, programs, {name: text for name, text in GIVEN.items() if name != "TLS_KEY"})
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == "pooler: the variable TLS_KEY is missing; the task's definition must give it\n"


def test_the_health_check_tells_a_port_that_answers_from_one_that_does_not() -> None:
    bash = shutil.which("bash")
    assert bash
    with socket.create_server(("127.0.0.1", 0)) as server:
        check = [str(IMAGE / "answers"), str(server.getsockname()[1])]
        assert subprocess.run(check, check=False, capture_output=True, timeout=10).returncode == 0
    check[1] = str(free_port())
    assert subprocess.run(check, check=False, capture_output=True, timeout=10).returncode != 0
