"""A gateway's supervisor with a real etcd, PgBouncer and HAProxy; the members are stand-ins that say who they are."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.supervisor import balancer
from tests.live.supervisor.members import Member, members
from tests.live.supervisor.stage import Stage, wait_until
from tests.ports import free_port

pytestmark = pytest.mark.live


class Gateway:
    """A gateway under test, and what can be seen of it."""

    def __init__(self, place: Stage, given: list[Member]) -> None:
        self.place, self.members = place, given
        self.home = place.folder / "gateway"
        self.home.mkdir()
        self.writer, self.pooled, self.reader = free_port(), free_port(), free_port()
        self.at = "127.0.0.1"  # where HAProxy has the members before it is told
        self.databases = self.home / "databases.ini"
        self.process: subprocess.Popen[bytes]

    def write(self, given: list[Member], **changes: object) -> Path:
        self._write_programs(given)
        pooler = {
            "name": "pgbouncer-rw",
            "command": ["/usr/sbin/pgbouncer", str(self.home / "pgbouncer.ini")],
            "databases_file": str(self.databases),
            "target": "leader",
            "databases": {"app": "dbname=app", "*": ""},
        }
        haproxy = {
            "command": ["/usr/sbin/haproxy", "-W", "-f", str(self.home / "haproxy.cfg")],
            "socket": str(self.home / "haproxy.sock"),
        }
        content = {
            "scope": "main",
            "etcd": self.place.etcd,
            "rest": self.place.access,
            "members": {one.name: one.address for one in given},
            "pgbouncer": [pooler],
            "haproxy": haproxy,
            **changes,
        }
        return self.place.write("gateway", content)

    def _write_programs(self, given: list[Member]) -> None:
        servers = [f"  server {one.name} {self.at}:{one.address['port']}" for one in given]
        backends = ["backend writer", *servers, "backend reader", *servers]
        head = f"""global
  stats socket {self.home}/haproxy.sock mode 600 level admin
defaults
  mode tcp
  timeout connect 200ms
  timeout client 1m
  timeout server 1m
  default-server check inter 200ms rise 1 fall 1
frontend writer
  bind 127.0.0.1:{self.writer}
  default_backend writer
frontend reader
  bind 127.0.0.1:{self.reader}
  default_backend reader
"""
        (self.home / "haproxy.cfg").write_text(head + "\n".join([*backends, ""]))
        (self.home / "pgbouncer.ini").write_text(
            f"%include {self.databases}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.pooled}\n"
            "unix_socket_dir =\nauth_type = any\nserver_login_retry = 0.1\n"
        )

    def start(self, **changes: object) -> None:
        self.process = self.place.start("gateway", self.write(self.members, **changes))
        wait_until(lambda: self.place.status("gateway").get("state") == "running", "the gateway runs")

    def lead(self, member: Member) -> None:
        for other in self.members:
            other.demote()
        member.promote()
        self.place.put("leader", member.name)

    def points_at(self, member: Member) -> bool:
        return self.databases.exists() and f"port={member.address['port']}" in self.databases.read_text()

    def session(self, port: int | None = None) -> tuple[socket.socket, str]:
        """A direct session, and the name of the member it reached ("" when it was refused)."""
        connection = socket.create_connection(("127.0.0.1", port or self.writer), timeout=2)
        try:
            return connection, connection.recv(100).decode().strip()
        except OSError:
            return connection, ""

    def reaches(self, port: int | None = None) -> str:
        with contextlib.suppress(OSError):
            connection, name = self.session(port)
            connection.close()
            return name
        return ""

    def log(self) -> str:
        return self.place.log("gateway")


def server_state(gateway: Gateway, member: Member) -> str:
    """The member's line of the writers' backend once it is in maintenance; "" before."""
    try:
        lines = balancer.command(str(gateway.home / "haproxy.sock"), "show stat").splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith(f"writer,{member.name},") and "MAINT" in line), "")


@pytest.fixture
def gateway(place: Stage) -> Iterator[Gateway]:
    with members(place.access["cert"], place.access["key"], "pg-1", "pg-2") as given:
        yield Gateway(place, given)


def test_writers_go_to_the_leader_from_the_first_moment(gateway: Gateway) -> None:
    first, _ = gateway.members
    gateway.lead(first)
    gateway.start()
    lines = gateway.databases.read_text().splitlines()
    port = first.address["port"]
    assert lines[1:] == [
        "[databases]",
        f"app = host=localhost port={port} dbname=app",
        f"* = host=localhost port={port}",
    ]
    wait_until(lambda: gateway.reaches() == "pg-1", "HAProxy reaches the leader")
    assert gateway.place.status("gateway")["leader"] == "pg-1"


def test_a_new_leader_gets_the_writers_and_the_old_one_loses_its_sessions(gateway: Gateway) -> None:
    first, second = gateway.members
    gateway.lead(first)
    gateway.start()
    wait_until(lambda: server_state(gateway, second), "HAProxy has been told")
    old, name = gateway.session()
    assert name == "pg-1"
    began = time.monotonic()
    gateway.lead(second)
    wait_until(lambda: gateway.points_at(second), "PgBouncer's file names the new leader")
    wait_until(lambda: gateway.reaches() == "pg-2", "HAProxy reaches the new leader")
    assert time.monotonic() - began < 1.0
    with old:
        old.settimeout(2)
        assert old.recv(1) == b""
    wait_until(lambda: "got SIGHUP" in gateway.log(), "PgBouncer was told")


def test_a_leader_that_is_still_in_recovery_gets_nobody(gateway: Gateway) -> None:
    first, second = gateway.members
    gateway.lead(first)
    gateway.start()
    second.status = 200  # the lock is taken, but the promotion is not done: what Patroni says for a second or two
    gateway.place.put("leader", "pg-2")
    time.sleep(0.5)
    assert gateway.points_at(first)
    second.role = "primary"
    wait_until(lambda: gateway.points_at(second), "the promotion is seen")


def test_readers_of_a_standby_cluster_reach_its_members_though_nobody_is_a_primary(gateway: Gateway) -> None:
    """As in pods, where HAProxy knows no address before it is told; the leader is asked on, and not without a pause."""
    first, second = gateway.members
    gateway.place.put("leader", first.name)
    gateway.at = "192.0.2.1"
    gateway.start(resolve_seconds=0.2)

    wait_until(lambda: gateway.reaches(gateway.reader) in ("pg-1", "pg-2"), "HAProxy reaches a member")
    time.sleep(4.5)  # until HAProxy was told for the last time after its start
    before = first.asked
    time.sleep(1.0)
    assert 1 < first.asked - before < 1 / 0.015
    assert not gateway.points_at(first)

    first.promote()
    wait_until(lambda: gateway.points_at(first), "the promotion is seen")
    wait_until(lambda: gateway.reaches() == "pg-1", "HAProxy reaches the new primary")
    wait_until(lambda: server_state(gateway, second), "HAProxy has been told")


def test_without_a_leader_clients_wait_and_the_same_leader_may_come_back(gateway: Gateway) -> None:
    first, _ = gateway.members
    gateway.lead(first)
    gateway.start()
    gateway.place.put("leader", "")
    wait_until(lambda: "got SIGUSR1, pausing" in gateway.log(), "PgBouncer is paused")
    gateway.place.put("leader", "pg-1")
    wait_until(lambda: "got SIGUSR2, continuing" in gateway.log(), "PgBouncer goes on")


def test_a_handover_pauses_and_patronis_leftover_does_not(gateway: Gateway) -> None:
    first, second = gateway.members
    gateway.lead(first)
    gateway.start()
    gateway.place.put("failover", json.dumps({"leader": "pg-1"}))
    wait_until(lambda: "pausing" in gateway.log(), "PgBouncer is paused")
    gateway.lead(second)
    gateway.place.put("failover", "{}")
    wait_until(lambda: "continuing" in gateway.log(), "PgBouncer goes on")
    time.sleep(0.3)
    assert gateway.log().count("got SIGUSR1") == 1


def test_no_pause_is_longer_than_its_limit(gateway: Gateway) -> None:
    gateway.lead(gateway.members[0])
    gateway.start(pause_limit_seconds=0.5)
    gateway.place.put("leader", "")
    began = time.monotonic()
    wait_until(lambda: "got SIGUSR2, continuing" in gateway.log(), "the pause ends by itself", limit=3.0)
    assert time.monotonic() - began > 0.4


@pytest.mark.parametrize("name", ["haproxy", "pgbouncer-rw"])
def test_a_killed_program_comes_back_as_it_was(gateway: Gateway, name: str) -> None:
    first, second = gateway.members
    gateway.lead(second)
    gateway.start()
    wait_until(lambda: gateway.reaches() == "pg-2", "HAProxy reaches the leader")
    os.kill(gateway.place.status("gateway")["children"][name]["pid"], signal.SIGKILL)
    wait_until(lambda: gateway.place.status("gateway")["children"][name]["restarts"] == 1, "it was started again")
    wait_until(lambda: gateway.place.status("gateway")["state"] == "running", "everything runs")
    wait_until(lambda: gateway.reaches() == "pg-2", "HAProxy reaches the leader again")
    wait_until(lambda: server_state(gateway, first), "HAProxy has been told of the other")
    assert gateway.points_at(second)


def test_a_reload_brings_a_new_member(gateway: Gateway) -> None:
    first, second = gateway.members
    gateway.members = [first]
    gateway.lead(first)
    gateway.start()
    gateway.write([first, second])
    gateway.process.send_signal(signal.SIGHUP)
    gateway.members = [first, second]
    gateway.lead(second)
    wait_until(lambda: gateway.points_at(second), "PgBouncer's file names the new member")
    wait_until(lambda: gateway.reaches() == "pg-2", "HAProxy reaches the new member")


def test_a_mistake_in_the_file_changes_nothing(gateway: Gateway) -> None:
    first, second = gateway.members
    gateway.lead(first)
    gateway.start()
    gateway.write([first, second], pause_limit_seconds="soon")
    gateway.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "not reloaded" in gateway.log(), "the mistake is reported")
    gateway.lead(second)
    wait_until(lambda: gateway.points_at(second), "the follower still follows")


def test_a_restart_of_etcd_is_survived(gateway: Gateway) -> None:
    first, second = gateway.members
    gateway.lead(first)
    gateway.start()
    os.kill(gateway.place.status("etcd")["children"]["etcd"]["pid"], signal.SIGKILL)
    wait_until(lambda: gateway.place.status("etcd")["restarts"] == 1, "etcd was started again")
    wait_until(lambda: gateway.place.stored().get("leader") == "pg-1", "etcd answers")
    gateway.lead(second)
    wait_until(lambda: gateway.points_at(second), "the follower sees the new leader")


def test_a_stop_ends_all_programs(gateway: Gateway) -> None:
    gateway.lead(gateway.members[0])
    gateway.start()
    gateway.process.terminate()
    assert gateway.process.wait(10) == 0
    assert gateway.place.status("gateway")["state"] == "stopped"
    for port in (gateway.writer, gateway.pooled):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
