"""Backups and a restore on real servers: Patroni, etcd, PostgreSQL, pgBackRest. One story, told in order.

A folder first, then an S3 service; then everything is lost, and a new cluster has what there was at one moment.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from components.embedded.pgbackrest import Repository
from components.patroni.rest import Patroni
from components.patroni.rolling import switchover, wait_whole
from components.patroni.waiting import until
from components.supervisor import processes
from tests.live.backup.s3_stand_in import Service
from tests.live.embedded.stack import BASE_PORT, Stack
from tools.driver import backups
from tools.driver.project import Project
from tools.driver.screen import Screen

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
WRITER = BASE_PORT
SMALL = {"replicas": 1, "durability": "balanced"}
PASSPHRASE, KEY = "correct horse battery staple", "not-a-real-key"
SECRETS = {"phrase": PASSPHRASE, "key": "AKIDEXAMPLE", "key-secret": KEY}
Given = Mapping[str, Any]


def in_folder(place: Path) -> Given:
    repository = {"kind": "posix", "path": str(place / "repository/shop")}
    return {**SMALL, "secrets": SECRETS, "backup": {"repository": repository, "archive_timeout": 0}}


def in_s3(s3: Service) -> Given:
    repository = {"kind": "s3", "path": "/shop", "bucket": "backups", "endpoint": s3.endpoint, "region": "eu-central-1"}
    repository |= {"uri_style": "path", "key": "key", "key_secret": "key-secret", "ca": s3.ca}
    backup = {"repository": repository, "encryption": "phrase", "archive_timeout": 0}
    return {**SMALL, "secrets": SECRETS, "backup": backup}


def patroni(stack: Stack) -> Patroni:
    paths = {"ca": "ca.crt", "certificate": "pki/postgres.crt", "key": "pki/postgres.key"}
    return Patroni(stack.document()["members"], {name: str(stack.local / path) for name, path in paths.items()})


def repository(stack: Stack) -> Repository:
    return Repository.of(stack.document()["backup"])


def taken(stack: Stack, kind: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `make backup ARGS="--type <kind> --json"` prints."""
    assert backups.take(Project(stack.home, "test"), Screen(), kind, as_json=True) == 0
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    return made


def test_without_backups_a_preview_says_so_and_with_them_what_it_costs(stack: Stack, place: Path) -> None:
    assert "backups: none, since the stack has no backup" in stack.up(**SMALL).text
    with stack.session(WRITER) as session:
        session.execute(
            "CREATE TABLE orders AS SELECT n, repeat(md5(n::text), 8) AS text FROM generate_series(1, 50000) n"
        )
    told = stack.preview(**in_folder(place)).text
    assert "parameters.archive_mode: off -> on: rolling restart (replicas first" in told
    assert not (place / "repository").exists()


def test_up_begins_to_archive_and_ends_with_a_full_backup(stack: Stack, place: Path) -> None:
    leader = stack.leader()
    told = stack.up(**in_folder(place))
    assert stack.leader() != leader  # rolled: the replica first, then a switchover
    assert "first full backup of main" in told.text
    found = repository(stack).contents()
    assert [(one.type, one.faulty) for one in found.backups] == [("full", False)]
    assert stack.up(**in_folder(place)).changed() == 0
    stack.ask(WRITER, "SELECT pg_switch_wal()::text")
    archived = "SELECT archived_count > 0 AND failed_count = 0 FROM pg_stat_archiver"
    assert until(lambda: stack.ask(WRITER, archived), 30, "a segment of WAL to be archived")


def test_a_killed_backup_is_finished_by_the_next(stack: Stack, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    below = place / "repository/shop/backup/main"
    before = {one.name for one in below.iterdir()}

    def begun() -> Path | None:
        fresh = [one for one in below.iterdir() if one.name not in before]
        return next((one for one in fresh if (one / "backup.manifest.copy").exists()), None)

    with repository(stack)._start(["--type=full", "--no-backup-standby", "backup"]) as process:
        partial = until(begun, 30, "a backup to have begun")
        os.kill(process.pid, signal.SIGSTOP)  # so that it starts no more of its workers
        for one in processes.descendants(processes.table(), process.pid):
            os.kill(one.pid, signal.SIGKILL)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not (partial / "backup.manifest").exists()
    assert len(repository(stack).contents().backups) == 1
    assert taken(stack, "full", capsys)["label"] == partial.name  # went on from what was stored


def test_a_switchover_between_two_backups(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    leader = stack.leader()
    switchover(patroni(stack), leader)
    wait_whole(patroni(stack), "balanced")
    assert stack.leader() != leader
    stack.ask(WRITER, "WITH more AS (INSERT INTO orders VALUES (0, 'after') RETURNING 1) SELECT count(*) FROM more")
    made = taken(stack, "diff", capsys)
    assert made["type"] == "diff"
    assert int(made["wal"][0][:8], 16) == 3  # two switchovers since the cluster was made
    assert backups.show(Project(stack.home, "test"), as_json=True) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["type"] for one in listed["backups"]] == ["full", "full", "diff"]
    assert listed["fault"] == ""


def test_drift_is_seen(stack: Stack, place: Path) -> None:
    shop = place / "repository/shop"
    shop.rename(place / "repository/moved")
    told = stack.preview(**in_folder(place)).text
    (place / "repository/moved").rename(shop)
    assert "drift: backups: the repository has nothing of this cluster" in told


def test_another_repository_gets_a_full_backup_of_its_own(stack: Stack, s3: Service) -> None:
    started = [stack.started(port) for port in stack.members().values()]
    told = stack.up(**in_s3(s3)).text
    assert "backups: another repository, into which a first full backup is taken" in told
    assert [stack.started(port) for port in stack.members().values()] == started
    assert [one.type for one in repository(stack).contents().backups] == ["full"]
    assert "shop/archive/main/" in s3.listing("backups")


def test_no_secret_lies_open(stack: Stack) -> None:
    for path in stack.home.rglob("*"):
        if path.is_file() and not path.is_symlink() and not path.match("data/base/*"):
            text = path.read_bytes()
            if PASSPHRASE.encode() in text or KEY.encode() in text:
                assert path == stack.local / "backup/conf.d/secrets.conf"
                assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_cluster_has_exactly_what_there_was_at_a_moment(
    stack: Stack, s3: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    taken(stack, "incr", capsys)
    with stack.session(WRITER) as session:
        session.execute("INSERT INTO orders VALUES (-1, 'after the backup')")
        moment = session.execute("SELECT clock_timestamp()::text").fetchone()
        assert moment is not None
        time.sleep(0.05)
        session.execute("INSERT INTO orders VALUES (-2, 'too late')")
        session.execute("DROP TABLE orders")
        session.execute("SELECT pg_switch_wal()")
    repository(stack).check()
    restore = {"from": "main", "time": moment[0]}
    with pytest.raises(automation.CommandError, match=r"restore makes a new cluster, and \S+ holds one"):
        stack.preview(**{**in_s3(s3), "restore": {**restore, "in_place": True}})
    stack.destroy()
    assert not stack.local.exists()
    given = {**in_s3(s3), "name": "again", "restore": restore}
    assert "the new cluster is restored from main, as it was at" in stack.up(**given).text
    rows = "SELECT format('%s %s %s %s', count(*), min(n), max(n), sum(n)) FROM orders"
    whole = 50000 * 50001 // 2 - 1
    for port in stack.members().values():
        assert stack.ask(port, rows) == f"50002 -1 50000 {whole}"
    assert stack.up(**given).changed() == 0
    assert [one.type for one in repository(stack).contents().backups] == ["full"]
    archive = "SELECT pg_is_in_recovery()::text || current_setting('archive_mode')"
    assert stack.ask(WRITER, archive) == "falseon"


def test_a_restore_that_cannot_be_ends_before_there_is_a_cluster(stack: Stack, s3: Service) -> None:
    stack.destroy()
    given = {**in_s3(s3), "name": "never"}
    with pytest.raises(automation.CommandError, match="lies before the end of the first backup"):
        stack.up(**given, restore={"from": "main", "time": "2001-01-01 00:00:00+00:00"})
    assert not list(stack.local.glob("pg-*"))
    stack.destroy()
    assert not stack.local.exists()
    assert stack.left() == []
