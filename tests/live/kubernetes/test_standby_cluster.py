"""A cluster that follows another one, and its promotion, by the words of docs/runbooks/standby-cluster.md."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.kubernetes.client import Client, now
from tests.live.kubernetes.lab import wait_until
from tests.live.kubernetes.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(3600)]
COUNT = "SELECT count(*) FROM acknowledged"
# What the runbook reads the other cluster's CA with.
AUTHORITY = '.deployment.resources[] | select(.type | endswith(":Authority")) | .outputs'
# What its writer's Services answer, as the runbook has it.
REFUSALS = {"direct": "server closed the connection unexpectedly", "pooled": "connection timeout expired"}
SMALL = {"resources": {"cpu": "50m", "memory": "320Mi"}, "gateways": {"cpu": "20m"}, "spread": {"hosts": "preferred"}}


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path) -> Iterator[Stack]:
    """Up once for all tests of this file, which run in their order."""
    made = Stack.make(tmp_path_factory.mktemp("stack"), f"p{secrets.token_hex(3)}", kubeconfig)
    made.change(access=[], kubernetes=SMALL)
    with made.brought_up():
        yield made


@pytest.fixture(scope="module")
def standby(primary: Stack) -> Iterator[Stack]:
    """A stack of the same project; its first `up` is a test."""
    made = primary.beside(f"s{secrets.token_hex(3)}")
    made.change(access=["sql/faevision/access.yaml"], replicas=1, durability="balanced", kubernetes=SMALL)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def client(primary: Stack, standby: Stack) -> Iterator[Client]:
    """An application of the primary cluster; it asks the standby's gateways too."""
    made = Client(primary.platform)
    try:
        made.start()
        yield made
    finally:
        made.kubectl.try_to("delete", "namespace", made.name, "--ignore-not-found", "--wait=false")


def writer(stack: Stack) -> dict[str, object]:
    return {"host": f"pg-rw.{stack.namespace}.svc", "port": 5432}


def jq(words: str, text: str) -> str:
    done = subprocess.run(["jq", "-r", words], input=text, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def roles(stack: Stack) -> list[str]:
    return sorted(str(each["role"]) for each in stack.platform.view())


def test_a_standby_without_the_others_ca_is_refused(primary: Stack, standby: Stack) -> None:
    standby.change(kubernetes={"standby_of": writer(primary)})
    done = standby.run("preview")
    assert done.returncode != 0
    assert "needs the other cluster's CA" in " ".join(done.stderr.split())


def test_it_follows_the_primary_cluster(primary: Stack, standby: Stack, client: Client) -> None:
    take_over_authority(primary, standby)

    told = standby.told("up")

    assert f"a standby cluster of pg-rw.{primary.namespace}.svc:5432" in told
    assert roles(standby) == ["replica", "standby_leader"]
    assert {each["state"] for each in standby.platform.view()} == {"streaming"}
    assert "a standby cluster has the access rules of the cluster that it follows" in told
    leader = primary.platform.leader()
    senders = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
    assert primary.platform.sql(leader, senders) == "3"  # two replicas of its own, and the standby's leader
    assert standby.run("status").returncode == 0, standby.run("status").stdout
    client.wait_flowing(now(), 60.0)


def take_over_authority(of: Stack, into: Stack) -> None:
    """The runbook's two pipes."""
    state = of.pulumi("stack", "export", "--show-secrets", "-s", of.name)
    at = "postgres-platform:kubernetes.certificates"
    key = jq(f"{AUTHORITY}.key.plaintext | fromjson", state)
    into.pulumi("config", "set", "--secret", "--path", f"{at}.authority_key", "-s", into.name, given=key)
    certificate = jq(f"{AUTHORITY}.certificate", state)
    into.pulumi("config", "set", "--path", f"{at}.authority_certificate", "-s", into.name, given=certificate)


def test_a_second_up_changes_nothing(standby: Stack) -> None:
    assert standby.changes("up") == {}
    assert standby.changes("refresh") == {}


def test_the_authoritys_key_is_nowhere_in_clear(standby: Stack) -> None:
    for text in (standby.state(), standby.log(), (standby.root / f"Pulumi.{standby.name}.yaml").read_text()):
        assert "PRIVATE KEY" not in text


def test_rows_arrive_and_are_read_through_its_gateways(standby: Stack, client: Client) -> None:
    [[before]] = client.ask("pooled", COUNT)
    for route in ("reader", "pooled-reader"):
        wait_until(60, f"rows at {route}", lambda route=route: missing(standby, client, route, before))
        assert client.ask(route, "SELECT pg_is_in_recovery()", namespace=standby.namespace) == [[True]]


def missing(standby: Stack, client: Client, route: str, least: int) -> str:
    [[count]] = client.ask(route, COUNT, namespace=standby.namespace)
    return "" if count >= least else f"{count} of {least}"


def test_its_gateways_let_nobody_write(standby: Stack, client: Client) -> None:
    insert = "INSERT INTO acknowledged VALUES ('standby', 1) RETURNING id"
    for route in ("reader", "pooled-reader"):
        with pytest.raises(AssertionError, match="read-only transaction"):
            client.ask(route, insert, namespace=standby.namespace)
    for route, said in REFUSALS.items():
        with pytest.raises(AssertionError) as refusal:
            client.ask(route, "SELECT 1", namespace=standby.namespace)
        assert said in str(refusal.value)


def test_a_promotion_loses_no_row_of_a_cluster_that_was_stopped_before(
    primary: Stack, standby: Stack, client: Client
) -> None:
    audit = client.stop()
    assert list(audit.lost) == []
    arrived(primary, standby)
    primary.change(kubernetes={"hibernate": True})
    primary.told("up")

    standby.change(kubernetes={"standby_of": None})
    said = f"promotion: no longer follows pg-rw.{primary.namespace}.svc:5432, takes writes"
    assert said in standby.told("preview")
    standby.told("up")

    assert roles(standby) == ["leader", "quorum_standby"]
    databases = "SELECT count(*) FROM pg_database WHERE datname = 'faevision'"
    assert standby.platform.sql(standby.platform.leader(), databases) == "1", "access is applied from now on"
    there = standby.platform.sql(standby.platform.leader(), COUNT, "chaos")
    assert int(there) >= audit.acknowledged
    assert standby.changes("up") == {}
    written(standby)


def arrived(primary: Stack, standby: Stack) -> None:
    """Until the standby's leader has what the primary has written: the runbook's two questions."""
    wanted = primary.platform.sql(primary.platform.leader(), "SELECT pg_current_wal_lsn()")
    asked = f"SELECT pg_last_wal_receive_lsn() >= '{wanted}'"
    leader = next(str(each["name"]) for each in standby.platform.view() if each["role"] == "standby_leader")
    wait_until(60, wanted, lambda: "" if standby.platform.sql(leader, asked) == "t" else "not yet")


def written(stack: Stack) -> None:
    """An application of its own writes, pooled and directly."""
    made = Client(stack.platform)
    try:
        made.start()
        made.wait_flowing(now(), 60.0)
        assert list(made.stop().lost) == []
    finally:
        made.remove()


def test_a_hibernating_primary_is_not_woken_as_a_standby(primary: Stack, standby: Stack) -> None:
    """It would lead first, and its timeline would have the number of the new one's."""
    take_over_authority(primary, primary)
    primary.change(kubernetes={"hibernate": False, "standby_of": writer(standby)})
    done = primary.run("preview")
    assert done.returncode != 0
    assert "it would wake as a primary before it is told whom to follow" in " ".join(done.stderr.split())
