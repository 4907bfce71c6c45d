"""Backups in pods by kubectl alone: members that archive, a first backup by a Job, one more by a CronJob's own pod.

Only on the lab, whose pods reach this machine, where the S3 stand-in runs.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.render.backup_pods import backup_files
from components.settings.load import load
from tests.live.backup.s3_stand_in import Service, service
from tests.live.kubernetes.lab import ROOT, Kubectl, Lab, wait_until
from tests.live.kubernetes.platform import Platform, overlay

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(1500)]
NAMESPACE = f"test-backup-{secrets.token_hex(3)}"
SECRET = "[global]\nrepo1-cipher-pass=correct horse\nrepo1-s3-key=K\nrepo1-s3-key-secret=KS\n"
INFO = (
    "/usr/bin/pgbackrest",
    "--config=/etc/postgres-platform/backup/files/pgbackrest.conf",
    "--config-include-path=/etc/postgres-platform/backup/secrets",
    "--stanza=main",
    "--output=json",
    "info",
)
LIMIT_S = 600.0


def own_address(kubeconfig: Path) -> str:
    """This machine's address as the lab's pods see it."""
    server = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((server.split("//")[1].split(":")[0], 9))
        return str(probe.getsockname()[0])


@pytest.fixture(scope="module")
def s3(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if Lab.of(kubeconfig) is None:
        pytest.skip("pods of another cluster than the lab do not reach this machine")
    folder = tmp_path_factory.mktemp("s3")
    with service(folder, own_address(kubeconfig), ("s3",)) as made:
        made.make_bucket("backups")
        yield made


def objects(s3: Service) -> str:
    """A name for the service, what pgBackRest needs to know of it, and its secrets."""
    address, port = s3.endpoint.split(":")
    found: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s3"}, "spec": {"ports": [{"port": int(port)}]}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "s3", "labels": {"kubernetes.io/service-name": "s3"}},
            "addressType": "IPv4",
            "ports": [{"port": int(port)}],
            "endpoints": [{"addresses": [address]}],
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "pgbackrest"},
            "stringData": {"secrets.conf": SECRET},
        },
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": found})


def kustomization(folder: Path, s3: Service) -> Path:
    """k8s/ with k8s/backup over it, and our own endpoint."""
    port = int(s3.endpoint.split(":")[1])
    repository = {
        "kind": "s3",
        "path": "/main",
        "bucket": "backups",
        "endpoint": f"s3:{port}",
        "region": "eu-central-1",
    }
    repository |= {"uri_style": "path", "key": "key", "key_secret": "key", "ca": s3.ca}
    known = {"key": "in the Secret", "phrase": "in the Secret"}
    given = {"platform": "kubernetes", "secrets": known, "backup": {"repository": repository, "encryption": "phrase"}}
    files = backup_files(load(given, default_major=17))
    plain = json.loads((overlay(folder, NAMESPACE) / "kustomization.yaml").read_text())
    to_s3 = [{"op": "replace", "path": "/spec/egress/1/ports/0/port", "value": port}]
    from_pg = [{"op": "replace", "path": "/spec/egress/0/ports/0/port", "value": port}]
    plain["components"] = [os.path.relpath(ROOT / "k8s/backup", folder)]
    plain["patches"] = [
        {
            "patch": json.dumps(
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pgbackrest"}, "data": files}
            )
        },
        {"patch": json.dumps(to_s3), "target": {"kind": "NetworkPolicy", "name": "backup"}},
        {"patch": json.dumps(from_pg), "target": {"kind": "NetworkPolicy", "name": "pg-backup"}},
    ]
    (folder / "kustomization.yaml").write_text(json.dumps(plain), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def platform(kubeconfig: Path, s3: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    kubectl = Kubectl(kubeconfig, NAMESPACE)
    made = Platform(kubectl)
    folder = kustomization(tmp_path_factory.mktemp("overlay"), s3)
    try:
        kubectl.run("create", "namespace", NAMESPACE)
        kubectl.run("apply", "-f", "-", given=objects(s3))
        kubectl.run("apply", "-k", str(folder))
        made.wait_whole(LIMIT_S)
        yield made
    finally:
        made.remove()


def contents(platform: Platform) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(platform.kubectl.run("exec", "pg-0", "-c", "postgres", "--", *INFO))
    return found[0]


def ended(platform: Platform, job: str) -> str:
    """Why the Job is not done yet, with its last words."""
    status = json.loads(platform.kubectl.run("get", "job", job, "-o", "json"))["status"]
    if status.get("succeeded"):
        return ""
    words = platform.kubectl.try_to("logs", f"job/{job}", "--tail=5").stdout
    return f"{job}: {status}: {words}"


def test_the_first_backup_is_taken_by_itself_from_a_replica(platform: Platform) -> None:
    wait_until(LIMIT_S, "the first backup", lambda: ended(platform, "backup-first"), pause=3)
    found = contents(platform)
    assert [(one["type"], one["error"]) for one in found["backup"]] == [("full", False)]
    assert "replay on the standby reached" in platform.kubectl.run("logs", "job/backup-first")


def test_members_archive(platform: Platform) -> None:
    platform.sql(platform.leader(), "CREATE TABLE kept AS SELECT 1 AS n; SELECT pg_switch_wal();")
    told = "SELECT archived_count > 0 AND failed_count = 0 FROM pg_stat_archiver"
    wait_until(120, "WAL in the bucket", lambda: "" if platform.sql(platform.leader(), told) == "t" else "not yet")


def test_a_cron_jobs_pod_takes_one(platform: Platform) -> None:
    platform.kubectl.run("create", "job", "--from=cronjob/backup-diff", "now")
    wait_until(LIMIT_S, "a differential backup", lambda: ended(platform, "now"), pause=3)
    assert [one["type"] for one in contents(platform)["backup"]] == ["full", "diff"]


def test_a_member_is_made_anew_from_the_bucket(platform: Platform) -> None:
    """Its volume's data goes, and the primary is not asked for a copy."""
    replica = next(name for name in ("pg-0", "pg-1", "pg-2") if name != platform.leader())
    platform.kubectl.python(replica, "postgres", "import shutil; shutil.rmtree('/data/pgdata')")
    platform.kubectl.run("delete", "pod", replica)
    platform.wait_whole(LIMIT_S)
    said = platform.kubectl.run("logs", replica, "-c", "postgres")
    assert "replica has been created using pgbackrest" in said
    assert platform.sql(replica, "SELECT n FROM kept") == "1"
