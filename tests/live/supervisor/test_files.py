"""The files a supervisor writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.supervisor import status
from components.supervisor.log import Log

pytestmark = pytest.mark.live


def test_a_log_never_takes_more_than_two_files_of_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log = Log(str(file), 1000, "x")
    for number in range(200):
        log(f"line {number}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(path.stat().st_size < 1100 for path in tmp_path.iterdir())
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    assert "line 199" in file.read_text()


def test_a_log_that_was_there_is_continued(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("before\n")
    Log(str(file), 1000, "x")("after")
    assert file.read_text().startswith("before\n")


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    Log(str(tmp_path / "missing" / "log"), 1000, "x")("lost")


def test_a_status_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    status.write(str(tmp_path / "missing" / "status.json"), {})


@pytest.mark.parametrize("content", ["", "{", "[]", "3"])
def test_a_broken_status_of_an_earlier_life_is_no_status(tmp_path: Path, content: str) -> None:
    (tmp_path / "status.json").write_text(content)
    assert status.read(str(tmp_path / "status.json")) == {}


def test_a_lock_is_held_once_and_free_when_its_holder_is_gone(tmp_path: Path) -> None:
    path = str(tmp_path / "status.json")
    held = status.lock(path)
    assert held is not None
    assert status.lock(path) is None
    os.close(held)
    again = status.lock(path)
    assert again is not None
    os.close(again)
