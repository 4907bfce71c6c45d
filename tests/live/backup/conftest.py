"""One cluster for the tests of this folder, and an S3 service; they run in the order of the file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.embedded import pgbackrest
from tests.live.backup.s3_stand_in import Service, service
from tests.live.embedded.conftest import stack

__all__ = ["stack"]


@pytest.fixture(scope="module", autouse=True)
def program() -> None:
    if pgbackrest.version() is None:
        pytest.skip("pgbackrest is not installed: run `make up` once")


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where repositories lie: outside the cluster's folder, and in reach of the servers' account."""
    made = Path(tempfile.mkdtemp(prefix="br", dir="/tmp"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def s3(place: Path) -> Iterator[Service]:
    with service(place) as made:
        made.make_bucket("backups")
        yield made
