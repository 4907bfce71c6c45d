"""One cluster for all tests of this folder: they run in the order of the file, each leaves it as it found it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.embedded.files import server_account
from components.embedded.programs import find
from tests.live.embedded.stack import MAJOR, PULUMI, Stack, script


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    _, problems = find(MAJOR, server_account())
    if problems or script() is None or not (PULUMI / "pulumi").exists():
        pytest.skip(f"run `make up` once: {problems or 'the Pulumi CLI is not there'}")
    home = Path(tempfile.mkdtemp(prefix="pe", dir="/tmp"))
    home.chmod(0o755)
    kept = dict(os.environ)
    made = Stack(home)
    try:
        yield made
    finally:
        made.power_cut()
        os.environ.clear()
        os.environ.update(kept)
        shutil.rmtree(home, ignore_errors=True)
