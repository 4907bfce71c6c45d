"""Which of several programs of one name is taken: the one that the servers' account can start."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.embedded import programs
from components.embedded.place import Account


@pytest.fixture
def folders() -> Iterator[tuple[Path, Path]]:
    """A folder that its owner alone may pass, and one that all may."""
    with tempfile.TemporaryDirectory(dir="/tmp") as below:
        Path(below).chmod(0o755)
        closed, open_to_all = Path(below, "closed"), Path(below, "open")
        closed.mkdir(mode=0o700)
        open_to_all.mkdir(mode=0o755)
        yield closed, open_to_all


def account() -> Account:
    found = pwd.getpwnam("nobody")
    return Account(found.pw_name, found.pw_uid, found.pw_gid)


def program(folder: Path) -> Path:
    made = folder / "etcd"
    made.write_text("#!/bin/sh\n", encoding="utf-8")
    made.chmod(0o755)
    return made


def search(monkeypatch: pytest.MonkeyPatch, *given: Path) -> None:
    monkeypatch.setattr(programs, "PATHS", os.pathsep.join(map(str, given)))


def test_a_program_out_of_reach_hides_no_other(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    closed, open_to_all = folders
    program(closed)
    wanted = program(open_to_all)
    search(monkeypatch, closed, open_to_all)
    assert programs._on_path("etcd", account()) == str(wanted)


def test_a_link_into_a_closed_folder_is_out_of_reach(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, open_to_all = folders
    (open_to_all / "etcd").symlink_to(program(closed))
    search(monkeypatch, open_to_all)
    found = {"etcd": programs._on_path("etcd", account())}
    told = list(programs._missing(found, None, 15, None, account()))
    assert told[0] == (
        f"{open_to_all}/etcd cannot be reached by the account nobody, which runs it: apt-get install etcd-server"
    )
