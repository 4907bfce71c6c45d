"""What pgBackRest says, and what is made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.embedded.backup_files import nothing_for
from components.embedded.pgbackrest import PROGRESS, Contents, fault, from_replica, read

BACKUP: dict[str, Any] = {
    "archive": {"start": "000000010000000000000003", "stop": "000000010000000000000004"},
    "error": False,
    "info": {"size": 2000, "repository": {"size": 300, "delta": 300}},
    "label": "20261121-192447F",
    "timestamp": {"start": 1795289087, "stop": 1795289090},
    "type": "full",
}
RESTORE = {"time": None, "label": None, "lsn": None}


def said(code: int = 0, message: str = "ok", backups: tuple[Any, ...] = (BACKUP,)) -> str:
    archive = [{"min": "000000010000000000000001", "max": "000000010000000000000009"}]
    stanza = {"name": "main", "status": {"code": code, "message": message}, "backup": backups, "archive": archive}
    return json.dumps([{"name": "other"}, stanza])


def test_a_stanza_with_its_backups() -> None:
    found = read(said(), "main")
    assert found.fault == ""
    assert found.wal == ("000000010000000000000001", "000000010000000000000009")
    assert [(one.label, one.type, one.stored, one.faulty) for one in found.backups] == [
        ("20261121-192447F", "full", 300, False)
    ]


def test_a_stanza_without_backups_is_no_fault_and_a_missing_one_is() -> None:
    assert read(said(2, "no valid backups", ()), "main") == Contents(wal=read(said(), "main").wal)
    assert read("[]", "main").fault == "the repository has nothing of this cluster"
    assert read(said(1, "missing stanza path", ()), "main").fault == "the repository has nothing of this cluster"
    assert read(said(99, "other", ()), "main").fault == "other"


@pytest.mark.parametrize(
    "restore, why",
    [
        pytest.param({}, "", id="all of it"),
        pytest.param({"time": "2027-01-01 00:00:00+00:00"}, "", id="a time after a backup"),
        pytest.param({"time": "2026-01-01 00:00:00+00:00"}, "lies before the end of the first backup", id="too early"),
        pytest.param({"label": "20261121-192447F"}, "", id="a label"),
        pytest.param({"label": "20261121-192448F"}, "did you mean 20261121-192447F?", id="a label that is not there"),
    ],
)
def test_what_cannot_be_restored_is_told_before(restore: dict[str, str], why: str) -> None:
    told = nothing_for(RESTORE | restore, read(said(), "main"))
    assert why in told
    assert bool(told) == bool(why)


def test_nothing_is_restored_from_an_empty_repository() -> None:
    assert nothing_for(RESTORE, Contents()) == "there is no backup in the repository"
    assert nothing_for(RESTORE, Contents(fault="gone")) == "gone"


def test_an_error_is_told_in_its_own_words() -> None:
    lines = [
        "2026-11-21 P00   INFO: backup",
        "P00  ERROR: [050]: unable to acquire lock",
        "       HINT: is another running?",
    ]
    assert fault(lines) == (50, "unable to acquire lock HINT: is another running?")
    assert fault([]) == (0, "it said nothing")


@pytest.mark.parametrize(
    "version, replicas, option",
    [
        ((2, 45), True, "--backup-standby"),
        ((2, 45), False, "--no-backup-standby"),
        ((2, 53), False, "--no-backup-standby"),
        ((2, 54), False, "--backup-standby=prefer"),
        ((2, 57), True, "--backup-standby=prefer"),
    ],
)
def test_a_replica_is_read_where_there_is_one(version: tuple[int, int], replicas: bool, option: str) -> None:
    assert from_replica(version, replicas=replicas) == option


@pytest.mark.parametrize(
    "line, percent",
    [
        ("P01 DETAIL: backup file /data/base/5/2606 (80KB, 47.66%) checksum 0123", "47"),
        ("P01 DETAIL: match file from prior backup /data/base/1/1 (8KB, 99.9%) checksum 0123", "99"),
        ("P00   INFO: check archive for prior segment 000000010000000000000003", None),
    ],
)
def test_progress_is_heard(line: str, percent: str | None) -> None:
    found = PROGRESS.search(line)
    assert (found and found[1]) == percent
