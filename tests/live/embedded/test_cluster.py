"""The embedded platform's whole life, by the real engine on real servers. The tests share a cluster and an order."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from pulumi import automation

from components.access import apply
from components.embedded.certificates import the_authority
from components.patroni import authority
from components.patroni.rest import Patroni
from components.patroni.waiting import until
from tests.live.embedded import failing_over
from tests.live.embedded.stack import BASE_PORT, Stack

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
WRITER, READER, POOLED = BASE_PORT, BASE_PORT + 1, BASE_PORT + 2


def patroni(stack: Stack) -> Patroni:
    paths = {"ca": "ca.crt", "certificate": "pki/postgres.crt", "key": "pki/postgres.key"}
    return Patroni(stack.document()["members"], {name: str(stack.local / path) for name, path in paths.items()})


def test_a_foreign_program_on_a_port_is_named_and_nothing_is_touched(stack: Stack) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", POOLED))
        foreign.listen()
        with pytest.raises(automation.CommandError) as refused:
            stack.preview()
    message = str(refused.value)
    assert re.search(rf"port {POOLED} \(pooled\) is taken by \S+ \(pid {os.getpid()}\)", message)
    assert "base_port" in message
    assert "Traceback" not in message
    assert not stack.local.exists()


def test_up_makes_a_whole_cluster(stack: Stack) -> None:
    made = stack.up()
    assert made.counted["create"] == 12
    assert stack.ask(WRITER, "SELECT pg_is_in_recovery()") is False
    assert stack.ask(READER, "SELECT pg_is_in_recovery()") is True
    standbys = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'"
    assert stack.ask(WRITER, standbys) == 2
    with stack.session(WRITER) as session:
        session.execute("CREATE TABLE kept AS SELECT 1 AS n")


@pytest.mark.parametrize(
    "port, replica",
    [
        pytest.param(WRITER, False, id="writer"),
        pytest.param(READER, True, id="reader"),
        pytest.param(POOLED, False, id="pooled"),
        pytest.param(POOLED + 1, True, id="pooled reader"),
    ],
)
def test_a_login_reaches_its_kind_of_server_by_password(stack: Stack, port: int, replica: bool) -> None:
    with stack.session(WRITER) as session:
        session.execute("DROP ROLE IF EXISTS visitor")
        session.execute("CREATE ROLE visitor LOGIN PASSWORD 'only for this test'")
    where = f"host=localhost port={port} dbname=postgres user=visitor connect_timeout=5"
    trust = f"sslmode=verify-full sslrootcert={stack.local}/ca.crt"

    def answer() -> bool | None:
        try:
            with psycopg.connect(f"{where} {trust}", password="only for this test") as session:
                row = session.execute("SELECT pg_is_in_recovery() = %s", (replica,)).fetchone()
        except psycopg.OperationalError:
            return None  # a replica learns of the role a moment later
        return row is not None and bool(row[0])

    assert until(answer, 10, f"a session at port {port}")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(f"{where} {trust}", password="wrong")


def test_secrets_are_readable_by_their_owners_only(stack: Stack) -> None:
    for path in stack.local.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        private = path.suffix == ".key" or path.name in ("patroni.yml", "pooled.ini", "supervisor.json")
        assert not (private and mode & 0o077), path
    for part in ("pki", "etcd-1", "pg-1", "gateway"):
        assert stat.S_IMODE((stack.local / part).stat().st_mode) == 0o700


def test_servers_do_not_run_as_root(stack: Stack) -> None:
    for pid in stack.left():
        assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_no_session_without_tls_and_none_of_the_platform_by_password(stack: Stack) -> None:
    port = stack.members()[stack.leader()]
    plain = f"host=localhost port={port} dbname=postgres user=postgres connect_timeout=5"
    with pytest.raises(psycopg.OperationalError, match="rejects"):
        psycopg.connect(f"{plain} sslmode=disable")
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        psycopg.connect(f"{plain} sslmode=verify-full sslrootcert={stack.local}/ca.crt password=x")


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    pids = sorted(stack.left())
    assert stack.up().changed() == 0
    assert sorted(stack.left()) == pids


def test_drift_is_seen_by_preview_and_refresh_and_repaired_by_up(stack: Stack) -> None:
    leader = stack.leader()
    replica, other = (name for name in stack.members() if name != leader)
    stack.kill(replica)
    configuration = stack.local / other / "patroni.yml"
    configuration.write_text(configuration.read_text().replace("level: INFO", "level: DEBUG"))
    with stack.session(stack.members()[leader]) as session:
        session.execute("ALTER SYSTEM SET autovacuum_naptime = '77s'")
        session.execute("SELECT pg_reload_conf()")
    patroni(stack).order(leader, "PATCH", "/config", {"ttl": 40}, "drift")
    pooled = stack.local / "gateway/pooled.ini"
    pooled.write_text(pooled.read_text().replace("default_pool_size = 20", "default_pool_size = 2"))
    expected = [
        f"drift: {replica}: does not run",
        f"drift: {other}: patroni.yml is not what the last up wrote (log.level: DEBUG instead of INFO)",
        f"drift: {leader}: ALTER SYSTEM set autovacuum_naptime to 77s",
        "drift: dynamic configuration: ttl is 40 instead of 20",
        "drift: gateway: pooled.ini is not what the last up wrote",
    ]
    for seen in (stack.preview(), stack.refresh()):
        assert [line for line in expected if line not in seen.text] == []
        assert seen.changed() == 5
    started = stack.started(stack.members()[leader])
    assert stack.up().changed() == 5
    assert stack.up().changed() == 0
    assert stack.ask(stack.members()[leader], "SHOW autovacuum_naptime") == "1min"
    assert stack.started(stack.members()[leader]) == started
    assert stack.leader() == leader


def test_work_mem_reloads(stack: Stack) -> None:
    before = {name: stack.started(port) for name, port in stack.members().items()}
    told = stack.preview(parameters={"work_mem": "8MB"})
    assert "parameters.work_mem: 4MB -> 8MB: reload" in told.text
    stack.up(parameters={"work_mem": "8MB"})
    assert [stack.ask(port, "SHOW work_mem") for port in stack.members().values()] == ["8MB"] * 3
    assert {name: stack.started(port) for name, port in stack.members().items()} == before
    stack.up()


@pytest.mark.parametrize(
    "connections, told, moved",
    [
        pytest.param("120", "rolling restart (replicas first, then a switchover", True, id="more: replicas first"),
        pytest.param("100", "restart (the primary first", False, id="fewer: the primary first"),
    ],
)
def test_max_connections_restarts_in_order(stack: Stack, connections: str, told: str, moved: bool) -> None:
    leader, before = stack.leader(), {name: stack.started(port) for name, port in stack.members().items()}
    assert told in stack.preview(parameters={"max_connections": connections}).text
    stack.up(parameters={"max_connections": connections})
    ports = stack.members()
    assert {stack.ask(port, "SHOW max_connections") for port in ports.values()} == {connections}
    after = {name: stack.started(port) for name, port in ports.items()}
    assert all(after[name] != before[name] for name in ports)
    assert (stack.leader() != leader) == moved
    # The primary of before was the last to start again, or the first.
    assert sorted(after, key=lambda name: after[name])[-1 if moved else 0] == leader


def test_the_pool_size_reloads_pgbouncer_alone(stack: Stack) -> None:
    pids = sorted(stack.left())
    told = stack.up(pooler={"default_pool_size": 7})
    assert "pooler.default_pool_size: 20 -> 7: reload" in told.text
    assert "default_pool_size = 7" in (stack.local / "gateway/pooled.ini").read_text()
    assert sorted(stack.left()) == pids
    assert "got SIGHUP" in (stack.local / "gateway/pooled.log").read_text()
    stack.up()


def test_a_member_is_added_and_removed(stack: Stack) -> None:
    others = {name: stack.started(port) for name, port in stack.members().items()}
    told = stack.up(replicas=3)
    assert told.counted["create"] == 1
    assert "replicas: 2 -> 3: members are added" in told.text
    assert stack.ask(stack.members()["pg-4"], "SELECT count(*) FROM kept") == 1
    patroni(stack).order(stack.leader(), "POST", "/switchover", {"leader": stack.leader(), "candidate": "pg-4"}, "test")
    until(lambda: patroni(stack).leader() == "pg-4", 30, "pg-4 to lead")
    assert "delete" in stack.preview().counted
    stack.up()
    assert set(stack.members()) == set(others)
    assert not (stack.local / "pg-4").exists()
    assert "pg-4" not in {member["name"] for member in patroni(stack).view()}
    slots = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'pg_4'"
    assert [stack.ask(port, slots) for port in stack.members().values()] == [0, 0, 0]
    assert stack.up().changed() == 0


def test_certificates_are_renewed_by_a_reload(stack: Stack) -> None:
    home, pair = stack.local / "pg-2/tls", the_authority(stack.local.resolve())
    assert pair is not None
    old = authority.issue(pair, "pg-2", authority.present() - timedelta(days=70))
    given = (home / "server.crt").stat()
    for path, content in ((home / "server.key", old.key), (home / "server.crt", old.certificate)):
        path.write_bytes(content)
        os.chown(path, given.st_uid, given.st_gid)
    started = stack.started(stack.members()["pg-2"])
    assert "certificate server.crt ends at" in stack.preview().text
    stack.up()
    fresh = (home / "server.crt").read_bytes()
    assert authority.flaw(fresh, pair.certificate, "pg-2", authority.present()) is None
    assert stack.started(stack.members()["pg-2"]) == started


def test_etcd_without_a_majority_and_a_node_without_its_data(stack: Stack) -> None:
    stack.kill("etcd-1")
    stack.kill("etcd-2")
    text = stack.refresh().text
    assert "drift: etcd-1: does not run" in text
    assert "drift: etcd-3: runs, but does not answer as one of a majority" in text
    stack.up()
    shutil.rmtree(stack.local / "etcd-3")
    assert "etcd-3: its data is gone, so it joins the other nodes as a new one" in stack.up().text
    assert stack.up().changed() == 0


@pytest.mark.parametrize("at", [1, 7])
def test_an_apply_outlives_the_primary(stack: Stack, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything of the primary is killed before the n-th statement; the apply goes on at the new one, by itself."""
    shop = failing_over.shop(stack, WRITER)
    shop.apply()
    shop.run(*failing_over.HARM)
    primary = stack.leader()
    one = failing_over.Killer(stack, primary, at)
    with monkeypatch.context() as patch:
        patch.setattr(apply, "run", one.run)
        shop.apply()
    assert one.seen > at
    assert stack.up().changed() > 0
    assert stack.leader() != primary
    assert shop.plan() == []
    assert shop.rows("SELECT count(*) FROM app.users", role="app", org="1") == [(2,)]


def test_after_a_reboot_up_starts_everything_with_its_data(stack: Stack) -> None:
    stack.power_cut()
    text = stack.preview().text
    assert "etcd has no majority" in text
    assert text.count("does not run; up repairs it") >= 7
    stack.up()
    assert stack.ask(WRITER, "SELECT count(*) FROM kept") == 1


def test_a_cluster_that_cannot_become_what_is_asked_says_so(stack: Stack) -> None:
    with pytest.raises(automation.CommandError, match="holds a cluster whose name is main, and name is now other"):
        stack.preview(name="other")
    with pytest.raises(
        automation.CommandError, match=r"embedded\.directory cannot be changed while the cluster exists"
    ):
        stack.preview(embedded={"directory": str(stack.home / "moved"), "base_port": BASE_PORT + 100})


def test_destroy_leaves_nothing(stack: Stack) -> None:
    stack.destroy()
    assert stack.left() == []
    assert not stack.local.exists()
    for port in (WRITER, READER, POOLED, BASE_PORT + 11, BASE_PORT + 31):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
