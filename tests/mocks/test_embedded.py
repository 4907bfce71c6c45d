"""The embedded platform's graph: which resources there are, and what waits for what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, rpc

from components.embedded.cluster import EmbeddedCluster, Ground
from components.embedded.place import Place
from components.embedded.programs import Programs
from components.render.sites import sites
from components.settings.load import load

PROGRAMS = Programs(
    etcd="/usr/bin/etcd",
    pgbouncer="/usr/sbin/pgbouncer",
    pgbouncer_version=(1, 18),
    haproxy="/usr/sbin/haproxy",
    binaries="/usr/lib/postgresql/15/bin",
    patroni="/opt/patroni",
    python="/usr/bin/python3.11",
)
DYNAMIC = "pulumi-python:dynamic/embedded:"


class Recorder(mocks.Mocks):
    """Remembers what is asked for and gives it back as it is."""

    def __init__(self) -> None:
        self.resources: dict[str, mocks.MockResourceArgs] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.resources[args.name] = args
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> dict[Any, Any]:
        raise AssertionError(f"nothing is looked up, but {args.token} was")


def declared(**given: Any) -> tuple[Recorder, EmbeddedCluster]:
    """The resources of a stack with these settings."""
    recorder = Recorder()
    mocks.set_mocks(recorder)
    settings = load({"platform": "embedded", **given}, default_major=15)
    where = Place(wanted=Path("/x"), real=Path("/x"))
    made: list[EmbeddedCluster] = []

    @pulumi.runtime.test
    def run() -> Any:
        ground = Ground(where=where, programs=PROGRAMS, sites=sites(settings, "/x"))
        made.append(EmbeddedCluster(settings.name, settings, ground=ground))
        return made[0].ready

    run()
    return recorder, made[0]


def spec(args: mocks.MockResourceArgs) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(args.inputs["spec"])
    return plain


@pytest.mark.parametrize("replicas", [2, 4])
def test_one_resource_for_each_part(replicas: int) -> None:
    recorder, _ = declared(replicas=replicas)
    kinds = [args.typ.removeprefix(DYNAMIC) for args in recorder.resources.values()]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "postgres-ha:embedded:Cluster": 1,
        "Foundation": 1,
        "CertificateAuthority": 1,
        "EtcdNode": 3,
        "Member": replicas + 1,
        "DynamicConfiguration": 1,
        "Gateway": 1,
    }


def test_each_part_has_a_folder_of_its_own() -> None:
    recorder, _ = declared()
    parts = [spec(args) for args in recorder.resources.values() if args.typ.startswith(DYNAMIC)]
    folders = [part["directory"] for part in parts if "role" in part]
    assert len(folders) == len(set(folders)) == 7


def test_the_server_is_known_and_no_key_or_password_is_in_a_spec() -> None:
    recorder, cluster = declared(embedded={"base_port": 17000})
    assert (cluster.server.writer.port, cluster.server.pooled.port) == (17000, 17002)
    texts = " ".join(str(args.inputs) for args in recorder.resources.values())
    assert "PRIVATE KEY" not in texts
    assert "SCRAM-SHA-256$" not in texts


def test_backups_come_before_the_members_and_after_them() -> None:
    repository = {"kind": "posix", "path": "/srv/backups/main"}
    recorder, _ = declared(backup={"repository": repository, "encryption": "phrase"}, secrets={"phrase": "PHRASE-TEXT"})
    kinds = {args.typ.removeprefix(DYNAMIC) for args in recorder.resources.values()}
    assert kinds >= {"BackupFiles", "Stanza", "Backups"}
    files = recorder.resources["main-backup-files"].inputs
    assert rpc.is_rpc_secret(files["secret"])
    assert "PHRASE-TEXT" in rpc.unwrap_rpc_secret(files["secret"])
    for name, args in recorder.resources.items():
        if name != "main-backup-files":
            assert "PHRASE-TEXT" not in str(args.inputs), name
    assert "PHRASE-TEXT" not in files["spec"]
