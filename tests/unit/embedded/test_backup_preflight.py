"""What is said of backups before anything is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.embedded import pgbackrest
from components.embedded.backup_preflight import problems
from components.embedded.files import Account
from components.embedded.place import Place
from components.settings.load import load

RESTORE = {"from": "old", "time": "2026-11-21 10:00:00+00:00"}


@pytest.fixture(autouse=True)
def newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgbackrest, "version", lambda: (2, 57))


def told(folder: Path, *, major: int = 15, **given: Any) -> list[str]:
    settings = load({"platform": "embedded", **given}, default_major=major)
    return list(problems(settings, Place(wanted=folder / "cluster", real=folder / "cluster"), Account.own()))


def backup(path: Path) -> dict[str, Any]:
    return {"repository": {"kind": "posix", "path": str(path)}}


def test_a_stack_without_backups_needs_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgbackrest, "version", lambda: None)
    assert told(tmp_path) == []
    assert told(tmp_path, backup=backup(tmp_path / "backups")) == [
        "the program pgbackrest is missing: apt-get install pgbackrest, or run make up, which does it"
    ]


@pytest.mark.parametrize(
    "version, major, well", [((2, 45), 15, True), ((2, 45), 17, False), ((2, 52), 17, True), ((2, 54), 18, False)]
)
def test_a_program_that_does_not_know_the_server_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], major: int, well: bool
) -> None:
    monkeypatch.setattr(pgbackrest, "version", lambda: version)
    found = told(tmp_path, major=major, backup=backup(tmp_path / "backups"))
    assert [line.partition(":")[0] for line in found] == (
        [] if well else [f"pgBackRest {version[0]}.{version[1]} does not know PostgreSQL {major}"]
    )


def test_a_repository_that_make_down_would_remove_is_refused(tmp_path: Path) -> None:
    found = told(tmp_path, backup=backup(tmp_path / "cluster/backups"))
    assert len(found) == 1
    assert "which make down removes; choose another folder" in found[0]


def test_a_restore_is_for_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    given = {"backup": backup(tmp_path / "backups"), "restore": RESTORE}
    assert told(tmp_path, **given) == []
    data = tmp_path / "cluster/pg-2/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    found = told(tmp_path, **given)
    assert len(found) == 1
    assert (
        "holds one, which was not restored from old as it was at 2026-11-21 10:00:00+00:00: remove restore" in found[0]
    )


def test_a_restored_cluster_may_keep_the_line_or_lose_it_but_not_change_it(tmp_path: Path) -> None:
    given = {"backup": backup(tmp_path / "backups"), "restore": RESTORE}
    (tmp_path / "cluster/pg-1/data").mkdir(parents=True)
    (tmp_path / "cluster/pg-1/data/PG_VERSION").write_text("15\n")
    (tmp_path / "cluster/backup").mkdir()
    record = {"restore": {"source": "old", "time": RESTORE["time"], "label": None, "lsn": None}}
    (tmp_path / "cluster/backup/made-from.json").write_text(json.dumps(record))
    assert told(tmp_path, **given) == []
    assert told(tmp_path, backup=given["backup"]) == []
    assert len(told(tmp_path, **{**given, "restore": {"from": "old"}})) == 1
