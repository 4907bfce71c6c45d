"""What status, psql and down make of what lies on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from components.contract import Endpoint, url
from tools.driver import sweep, tables
from tools.driver.client import as_role, from_url
from tools.driver.cluster import directory, parse
from tools.driver.project import Project
from tools.driver.refusal import Refusal
from tools.driver.screen import WIDE
from tools.driver.status import GatewayState, MemberState, NodeState, Report

ROUTES = {"writer": 1, "reader": 2, "pooled": 3, "pooled_reader": 4}
PLAIN: dict[str, Any] = {
    "scope": "main",
    "members": {"pg-1": {"host": "localhost", "port": 31, "rest_port": 41, "status_file": "pg-1/status.json"}},
    "etcd": {"endpoints": [], "nodes": {"etcd-1": {"client_port": 11, "status_file": "etcd-1/status.json"}}},
    "gateway": {"host": "localhost", "status_file": "/elsewhere/status.json", **ROUTES},
    "ca": "ca.crt",
    "admin": {"user": "postgres", "certificate": "pki/admin.crt", "key": "pki/admin.key"},
    "rest_client": {"certificate": "pki/rest.crt", "key": "pki/rest.key"},
}


def test_paths_are_relative_to_the_folder_and_clients_default_to_the_administrator() -> None:
    found = parse(PLAIN, Path("/c"))
    assert found.members[0].status_file == Path("/c/pg-1/status.json")
    assert found.gateway.status_file == Path("/elsewhere/status.json")
    assert found.rest.certificate == Path("/c/pki/rest.crt")
    assert found.etcd == found.admin


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("config: {}", ".local"),
        ("config:\n  postgres-platform:embedded: {directory: elsewhere}", "elsewhere"),
        ("config:\n  postgres-platform:embedded: {directory: /abs}", "/abs"),
        ("config:\n  postgres-platform:embedded: 3", ".local"),
        ("config: [", ".local"),
        ("", ".local"),
    ],
)
def test_the_folder_is_found_in_any_stack_file(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "Pulumi.local.yaml").write_text(text)
    assert directory(Project(tmp_path, "local")) == tmp_path / expected


@given(user=st.text(min_size=1, max_size=20), password=st.text(max_size=40), database=st.text(min_size=1, max_size=20))
def test_a_url_becomes_what_libpq_reads(user: str, password: str, database: str) -> None:
    made = url(Endpoint(host="localhost", port=5), user=user, password=password, database=database, ca="/a b/ca.crt")
    read = from_url(made)
    assert (read["PGUSER"], read["PGPASSWORD"], read["PGDATABASE"]) == (user, password, database)
    assert (read["PGPORT"], read["PGSSLMODE"], read["PGSSLROOTCERT"]) == ("5", "verify-full", "/a b/ca.crt")


def test_a_role_with_two_databases_needs_one_named() -> None:
    urls = [{"role": "r", "database": name, "direct": f"postgresql://r:p@h:1/{name}"} for name in ("a", "b")]
    assert as_role(urls, "r", "b")["PGDATABASE"] == "b"
    with pytest.raises(Refusal, match="name the database too: DB=a, DB=b"):
        as_role(urls, "r", "")
    with pytest.raises(Refusal, match="there is no login ROLE=x"):
        as_role(urls, "x", "")


def report(**changes: Any) -> Report:
    primary = MemberState("pg-1", "primary", "running", 1, None, 31, "running")
    parts: dict[str, Any] = {
        "scope": "main",
        "members": (primary,),
        "etcd": (NodeState("etcd-1", True, 11, "running"),),
        "gateway": GatewayState("pg-1", "running", ROUTES, dict.fromkeys(ROUTES, True)),
    }
    return Report(**parts | changes)


def test_faults_are_what_is_not_whole() -> None:
    assert report().faults == []
    lost = MemberState("pg-2", "unknown", "not answering", None, None, 32, "dead")
    closed = GatewayState(None, "dead", ROUTES, {**dict.fromkeys(ROUTES, True), "pooled": False})
    found = report(members=(lost,), etcd=(NodeState("etcd-1", False, 11, "dead"),), gateway=closed).faults
    assert found == [
        "pg-2 is not answering",
        "there is no primary",
        "etcd-1 does not answer",
        "port 3 (pooled) is closed",
    ]


def test_a_standby_cluster_is_whole_without_a_primary() -> None:
    leader = MemberState("pg-1", "standby leader", "streaming", 1, None, 31, "running")
    replica = MemberState("pg-2", "replica", "streaming", 1, 0, 32, "running")
    assert report(members=(leader, replica)).faults == []
    assert report(members=(leader, leader)).faults == ["there are 2 primaries"]
    gateway = GatewayState(None, "running", ROUTES, dict.fromkeys(ROUTES, True))
    assert last_line(report(members=(leader, replica), gateway=gateway)) == (
        "cluster main is whole; it follows another one, and takes no writes"
    )
    assert last_line(report()) == "cluster main is whole; writers go to pg-1"


def last_line(found: Report) -> str:
    console = Console(width=WIDE)
    with console.capture() as captured:
        console.print(tables.report(found))
    return captured.get().rstrip().splitlines()[-1]


def test_removing_takes_the_platforms_parts_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    for part in ("pg-1/data", "etcd-1", "gateway", "pki", "mine"):
        (folder / part).mkdir(parents=True)
    (folder / "platform.json").touch()
    assert sweep.remove(folder) == [folder / "mine"]
    assert sorted(path.name for path in folder.iterdir()) == ["mine"]


def test_a_folder_that_is_no_clusters_is_left_alone(tmp_path: Path) -> None:
    for part in ("gateway", "runtime", "letters"):
        (tmp_path / part).mkdir()
    assert sweep.remove(tmp_path) == [tmp_path / "letters"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gateway", "letters", "runtime"]


def test_removing_follows_the_link_to_where_servers_can_reach(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / ".local"
    (real / "pg-1").mkdir(parents=True)
    link.symlink_to(real)
    assert sweep.remove(link) == []
    assert not link.is_symlink() and not real.exists()
