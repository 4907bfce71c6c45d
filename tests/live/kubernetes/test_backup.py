"""Backups in pods: members that archive, a first backup by a Job, more by make, a member and a cluster made of them.

The old cluster is kubectl's, the new one Pulumi's. Only on the lab, whose pods reach this machine, where the S3
stand-in runs.
"""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.live.backup.s3_stand_in import Service, service
from tests.live.kubernetes import backing_up
from tests.live.kubernetes.lab import ROOT, Kubectl, Lab, wait_until
from tests.live.kubernetes.platform import Platform
from tests.live.kubernetes.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(1500)]
NAMESPACE = f"test-backup-{secrets.token_hex(3)}"
HOST = f"s3.{NAMESPACE}.svc"  # by which another namespace finds the service
RESTORED = f"r{secrets.token_hex(3)}"
LIMIT_S = 600.0


@pytest.fixture(scope="module")
def s3(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if Lab.of(kubeconfig) is None:
        pytest.skip("pods of another cluster than the lab do not reach this machine")
    folder = tmp_path_factory.mktemp("s3")
    with service(folder, backing_up.own_address(kubeconfig), ("s3", HOST)) as made:
        made.make_bucket(backing_up.BUCKET)
        yield made


@pytest.fixture(scope="module")
def platform(kubeconfig: Path, s3: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    kubectl = Kubectl(kubeconfig, NAMESPACE)
    made = Platform(kubectl)
    folder = backing_up.kustomization(tmp_path_factory.mktemp("overlay"), NAMESPACE, s3)
    try:
        kubectl.run("create", "namespace", NAMESPACE)
        kubectl.run("apply", "-f", "-", given=backing_up.objects(s3))
        kubectl.run("apply", "-k", str(folder))
        made.wait_whole(LIMIT_S)
        yield made
    finally:
        made.remove()


@dataclass(frozen=True)
class Make:
    """`make backup` and `make backups` of the cluster that kubectl made."""

    folder: Path
    stack: str

    def command(self, *words: str) -> list[str]:
        place = ("--stack", self.stack, "--project", str(self.folder))
        return [sys.executable, "-m", "tools.driver", words[0], *place, *words[1:]]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*words), cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S)

    def types(self) -> list[str]:
        return [one["type"] for one in self.listed()["backups"]]

    def listed(self) -> dict[str, Any]:
        done = self.run("backups", "--json")
        found: dict[str, Any] = json.loads(done.stdout)
        assert (done.returncode, found["fault"]) == (0, ""), done.stderr
        return found


@pytest.fixture(scope="module")
def make(platform: Platform, s3: Service, tmp_path_factory: pytest.TempPathFactory) -> Make:
    folder = tmp_path_factory.mktemp("project")
    return Make(folder, backing_up.stack_file(folder, NAMESPACE, platform.kubectl.kubeconfig, s3))


def ended(platform: Platform, job: str) -> str:
    """Why the Job is not done yet, with its last words."""
    status = json.loads(platform.kubectl.run("get", "job", job, "-o", "json"))["status"]
    if status.get("succeeded"):
        return ""
    words = platform.kubectl.try_to("logs", f"job/{job}", "--tail=5").stdout
    return f"{job}: {status}: {words}"


def archived(platform: Platform) -> None:
    """All that was written so far is in the bucket."""
    leader = platform.leader()
    segment = platform.sql(leader, "SELECT pg_walfile_name(pg_switch_wal())")
    told = f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver"
    wait_until(120, "WAL in the bucket", lambda: "" if platform.sql(leader, told) == "t" else "not yet")


def test_the_first_backup_is_taken_by_itself(platform: Platform, make: Make) -> None:
    """It was there before the members, and waited for them; of whom it found none but the primary, perhaps."""
    wait_until(LIMIT_S, "the first backup", lambda: ended(platform, "backup-first"), pause=3)
    [found] = make.listed()["backups"]
    assert (found["type"], found["faulty"]) == ("full", False)
    pods = json.loads(platform.kubectl.run("get", "pods", "-l", "job-name=backup-first", "-o", "json"))["items"]
    assert len(pods) == 1, "no pod of it failed"


def test_members_archive(platform: Platform) -> None:
    platform.sql(platform.leader(), "CREATE TABLE kept AS SELECT 1 AS n")
    failed = "SELECT failed_count FROM pg_stat_archiver"
    before = platform.sql(platform.leader(), failed)  # a first segment that was full before the stanza was there
    archived(platform)
    assert platform.sql(platform.leader(), failed) == before


def test_a_cron_jobs_pod_takes_one_from_a_replica(platform: Platform, make: Make) -> None:
    platform.kubectl.run("create", "job", "--from=cronjob/backup-diff", "now")
    wait_until(LIMIT_S, "a differential backup", lambda: ended(platform, "now"), pause=3)
    assert make.types() == ["full", "diff"]
    assert "replay on the standby reached" in platform.kubectl.run("logs", "job/now")


def test_make_takes_one_and_a_second_beside_it_is_told(make: Make) -> None:
    first = subprocess.Popen(make.command("backup", "--json"), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    time.sleep(5)
    second = make.run("backup", "--type", "full")
    told, _ = first.communicate(timeout=LIMIT_S)
    assert first.returncode == 0
    assert json.loads(told)["type"] == "incr"
    assert second.returncode == 1 and "another backup of main is running" in second.stderr
    assert make.types() == ["full", "diff", "incr"]


def test_who_is_interrupted_hears_that_the_job_goes_on(platform: Platform, make: Make) -> None:
    """As Ctrl-C does it, which a shell's background job ignores unless it is told not to."""
    command = ["env", "--default-signal=INT", *make.command("backup", "--type", "diff")]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    time.sleep(5)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the backup goes on without us" in told, told
    wait_until(LIMIT_S, "its end", lambda: "" if make.types()[3:] == ["diff"] else "not yet", pause=3)
    text = make.run("backups").stdout
    assert "a restore can go back to" in text and text.count("diff") == 2


def test_a_member_is_made_anew_from_the_bucket(platform: Platform) -> None:
    """Its volume's data goes, and the primary is not asked for a copy."""
    replica = next(name for name in ("pg-0", "pg-1", "pg-2") if name != platform.leader())
    platform.kubectl.python(replica, "postgres", "import shutil; shutil.rmtree('/data/pgdata')")
    platform.kubectl.run("delete", "pod", replica)
    platform.wait_whole(LIMIT_S)
    said = platform.kubectl.run("logs", replica, "-c", "postgres")
    assert "replica has been created using pgbackrest" in said
    assert platform.sql(replica, "SELECT n FROM kept") == "1"


@pytest.fixture(scope="module")
def restored(platform: Platform, s3: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that asks for the cluster as it was before a row came, in a namespace of its own; not up yet."""
    leader = platform.leader()
    platform.sql(leader, "INSERT INTO kept VALUES (2)")
    time.sleep(1)
    moment = platform.sql(leader, "SELECT clock_timestamp()")
    time.sleep(1)
    platform.sql(leader, "INSERT INTO kept VALUES (3)")
    archived(platform)
    made = Stack.make(tmp_path_factory.mktemp("restored"), RESTORED, platform.kubectl.kubeconfig)
    made.change(
        replicas=1,
        durability="balanced",
        access=[],
        kubernetes={
            "etcd": {"nodes": 1},
            "gateways": {"replicas": 2},
            "storage": {"size": "1Gi", "etcd_size": "1Gi", "wal_size": "1Gi"},
        },
        secrets=backing_up.SECRETS,
        backup=backing_up.backup(s3, HOST),
        restore={"from": "main", "time": moment},
    )
    try:
        yield made
    finally:
        made.end()


def test_a_new_cluster_is_made_as_it_was_at_a_moment(platform: Platform, restored: Stack) -> None:
    restored.told("preview")
    assert "restore: a new cluster is made from main, as it was at" in restored.log()
    restored.told("up")
    leader = restored.platform.leader()
    assert restored.platform.sql(leader, "SELECT string_agg(n::text, ',' ORDER BY n) FROM kept") == "1,2"
    assert restored.platform.sql(leader, "SELECT pg_is_in_recovery()") == "f"
    # The old one goes on, and its archive is its own.
    assert platform.sql(platform.leader(), "SELECT string_agg(n::text, ',' ORDER BY n) FROM kept") == "1,2,3"
    assert platform.missing() == ""
    archived(platform)


def test_a_restore_that_cannot_be_had_ends_with_the_reason(
    platform: Platform, s3: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kubeconfig = platform.kubectl.kubeconfig
    stack = Stack.make(tmp_path_factory.mktemp("failing"), f"f{secrets.token_hex(3)}", kubeconfig)
    source = {"from": "nobody", "repository": backing_up.repository(s3, HOST), "encryption": "phrase"}
    alone = {"replicas": 0, "durability": "asynchronous", "kubernetes": {"etcd": {"nodes": 1}}}
    stack.change(access=[], secrets=backing_up.SECRETS, restore=source, **alone)
    try:
        done = stack.run("up")
        assert done.returncode == 1
        told = "the restore from nobody (with all of its WAL) fails: pgbackrest on pg-0: no backup set found to restore"
        assert told in done.stderr
    finally:
        stack.end()


def test_its_members_have_wal_on_volumes_of_their_own(restored: Stack) -> None:
    """The first by pgBackRest, the other by pg_basebackup; the old cluster had one volume a member."""
    kubectl = restored.platform.kubectl
    for member in ("pg-0", "pg-1"):
        assert (
            kubectl.python(member, "postgres", "import os; print(os.readlink('/data/pgdata/pg_wal'))")
            == "/wal/pg_wal\n"
        )
        mounts = kubectl.run("exec", member, "-c", "postgres", "--", "cat", "/proc/mounts")
        assert " /wal " in mounts and " /data " in mounts


def test_the_new_cluster_archives_under_its_own_name_and_has_a_first_backup(restored: Stack) -> None:
    done = restored.run("backups", "--json")
    assert done.returncode == 0, done.stderr
    assert [one["type"] for one in json.loads(done.stdout)["backups"]] == ["full"]
    archived(restored.platform)


def test_restore_may_stay_in_the_stack_but_not_change(restored: Stack) -> None:
    assert restored.changes("preview") == {}
    restored.change(restore={"time": "2026-11-21 10:00:00+00:00"})
    done = restored.run("preview")
    assert done.returncode == 1
    assert "restore: makes a new cluster, and namespace" in done.stderr
    assert "which was not restored from main as it was at 2026-11-21 10:00:00+00:00" in done.stderr
