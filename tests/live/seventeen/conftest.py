"""The stack local17 of a copy of the project, up: PostgreSQL 17 with TimescaleDB, and all six systems."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.embedded import installed
from tests.live.seventeen.stack import STACK, Stack
from tests.project_copy import copy_of_project, free_base_port, make, settings
from tools.setup import trixie


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs servers."""
    for item in items:
        if "/live/seventeen/" in item.path.as_posix():
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def seventeen() -> Iterator[Stack]:
    """Tests run in the order of the file, on one cluster."""
    server = installed.find(trixie.MAJOR)
    if server is None or "timescaledb" not in server.offered():
        pytest.skip(trixie.ASK)
    folder = Path(tempfile.mkdtemp(prefix="seventeen-", dir="/tmp"))  # a short path, in reach of the servers' account
    folder.chmod(0o755)
    copy = copy_of_project(folder)
    settings(copy, {"embedded": {"directory": ".local17", "base_port": free_base_port()}}, stack=STACK)
    try:
        done = make(copy, "up", stack=STACK)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Stack(copy, done.stdout + done.stderr)
    finally:
        make(copy, "reset", stack=STACK)
        shutil.rmtree(folder)
