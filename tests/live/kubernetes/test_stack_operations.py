"""What is done to a running stack by changing its settings: none of it loses a row, most of it no transaction."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.live.kubernetes.aging import age
from tests.live.kubernetes.client import Client, now
from tests.live.kubernetes.lab import Lab, wait_until
from tests.live.kubernetes.served import pods, served
from tests.live.kubernetes.stack import IMAGE, Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(3600)]
GATEWAYS = 2
PAUSE_S = 60.0  # in which a write has to go through again, after whatever was done


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path) -> Iterator[Stack]:
    """Up once for all tests of this file; each leaves it whole."""
    made = Stack.make(tmp_path_factory.mktemp("stack"), f"t{secrets.token_hex(3)}", kubeconfig)
    made.change(kubernetes={"spread": {"hosts": "preferred"}})  # five members fit on three machines
    with made.brought_up():
        yield made


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    """An application that writes through the Services; afterwards every acknowledged row has to be there."""
    made = Client(stack.platform)
    try:
        made.start()
        yield made
        made.wait_flowing(now(), PAUSE_S)
        assert list(made.stop().lost) == []
    finally:
        made.remove()


def timeline(stack: Stack) -> int:
    return max(int(each["timeline"]) for each in stack.platform.view())


@pytest.mark.parametrize("leader", ["pg-2", "pg-0"])
def test_new_pods_of_the_members_cost_one_switchover_and_no_transaction(
    stack: Stack, client: Client, leader: str
) -> None:
    """Whichever leads: Kubernetes would replace the one with the highest number first."""
    roll(stack, client, leader, {"resources": {"cpu": f"{110 + int(leader[-1])}m", "memory": "384Mi"}})

    assert client.complaints("pooled") == []


def test_a_second_image_costs_one_switchover_and_cuts_a_connection_between_transactions(
    stack: Stack, client: Client
) -> None:
    """The gateways get it too, and no connection outlives its gateway: each that ends tells its clients so."""
    lab, name = Lab.of(stack.kubeconfig), f"{IMAGE}-again"
    if lab is None:
        pytest.skip("this cluster may not know a second image")
    lab.name_again(IMAGE, name)
    images = (
        "get",
        "pods",
        "-l",
        "app.kubernetes.io/part-of=postgres-platform",
        "-o",
        "jsonpath={.items[*].spec.containers[*].image}",
    )

    roll(stack, client, "pg-1", {"image": name})

    assert set(stack.platform.kubectl.run(*images).split()) == {name}
    complaints = client.complaints("pooled")
    assert set(complaints) <= {"server shutting down"}
    assert len(complaints) <= GATEWAYS


def roll(stack: Stack, client: Client, leader: str, change: dict[str, Any]) -> None:
    """Gives every member a new pod while `leader` leads: replicas first, then one switchover."""
    stack.platform.switch_to(leader)
    client.wait_flowing(now(), PAUSE_S)
    client.forget_complaints()
    before, began, earlier = pods(stack.platform.kubectl), now(), timeline(stack)

    stack.change(kubernetes=change)
    assert "new pods for the members, replicas first" in stack.told("preview")
    stack.told("up")

    assert replaced(stack)[-1] == leader, "replicas first"
    stack.platform.wait_whole()
    after = pods(stack.platform.kubectl)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values()), "every member has a new pod"
    client.wait_flowing(now(), PAUSE_S)
    assert timeline(stack) - earlier == 1
    print(f"\nroll of {leader}: longest write outage {client.outage('pooled', began):.2f} s pooled", flush=True)


def replaced(stack: Stack) -> list[str]:
    """Whose pods were replaced, in their order, as the last run told."""
    return re.findall(r"(pg-\d+): its pod is replaced", stack.log())


def test_three_members_become_five_and_three_again(stack: Stack, client: Client) -> None:
    began = now()
    stack.change(replicas=4)
    stack.told("up")
    wait_until(300, "five members", lambda: "" if len(streaming(stack)) == 5 else f"{streaming(stack)}")

    stack.change(replicas=2)
    stack.told("up")

    wait_until(120, "three members", lambda: "" if len(streaming(stack)) == 3 else f"{streaming(stack)}")
    claims = stack.platform.kubectl.run("get", "pvc", "-o", "name")
    assert "data-pg-4" in claims, "a volume is kept, whoever leaves"
    client.wait_flowing(now(), PAUSE_S)
    assert client.errors("pooled", began) == 0


def streaming(stack: Stack) -> list[str]:
    return [str(each["name"]) for each in stack.platform.view() if each["state"] in ("running", "streaming")]


def test_a_rotated_password_replaces_the_old_one_and_touches_no_pod(stack: Stack) -> None:
    kubectl, before = stack.platform.kubectl, pods(stack.platform.kubectl)
    with stack.urls() as records:
        old = next(one for one in records if one["role"] == "faevision_app")
        spec = stack.root / "sql/faevision/access.yaml"
        text = spec.read_text()
        plain, rotated = "password: secret:faevision_app", "password: { secret: faevision_app, rotate: 1 }"
        assert plain in text
        spec.write_text(text.replace(plain, rotated, 1))

        stack.told("up")

    with stack.urls() as records:
        new = next(one for one in records if one["role"] == "faevision_app")
        with psycopg.connect(new["pooled"]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("faevision_app",)
        stale = new["direct"].replace(_password(new["direct"]), _password(old["direct"]))
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(stale)
        data = kubectl.run("get", "secret", "login.faevision-app.faevision", "-o", "jsonpath={.data}")
        assert _password(new["pooled"]) in _decoded(json.loads(data)["pooled"])
    assert pods(kubectl) == before
    assert stack.changes("up") == {}


def _password(url: str) -> str:
    return url.partition("://")[2].partition("@")[0].partition(":")[2]


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def test_a_certificate_that_is_due_is_renewed_by_a_reload(stack: Stack, client: Client, tmp_path: Path) -> None:
    before, old = pods(stack.platform.kubectl), served(stack)
    age(stack, tmp_path)

    stack.told("up")

    assert "certificate pg-tls" in stack.log()
    # kubelet looks for new contents of Secrets about once a minute
    wait_until(240, "the new certificate is served", lambda: "" if served(stack) != old else "still the old one")
    assert pods(stack.platform.kubectl) == before
    assert stack.changes("up") == {}
    client.wait_flowing(now(), PAUSE_S)


def test_a_fenced_member_neither_leads_nor_serves_until_it_is_let_back(stack: Stack, client: Client) -> None:
    fenced = stack.platform.leader()

    stack.change(kubernetes={"fenced": [fenced]})
    stack.told("up")

    assert stack.platform.leader() != fenced
    tags = next(each.get("tags", {}) for each in stack.platform.view() if each["name"] == fenced)
    assert tags.get("nofailover") is True
    assert tags.get("noloadbalance") is True
    client.wait_flowing(now(), PAUSE_S)

    stack.change(kubernetes={"fenced": []})
    stack.told("up")
    wait_until(60, "no tags", lambda: "" if not any(each.get("tags") for each in stack.platform.view()) else "tags")


def test_an_exposed_stack_is_reached_without_kubectl(stack: Stack) -> None:
    """By the port of a machine on which a gateway runs; the certificates get its address before anybody needs it."""
    if Lab.of(stack.kubeconfig) is None:
        pytest.skip("this cluster's machines need not be reachable from here")
    ports = {"writer": 30432, "reader": 30433, "pooled": 30632, "pooled_reader": 30633}
    exposure = {"type": "NodePort", "host": gateway_machine(stack), "node_ports": ports, "sources": ["10.66.0.0/24"]}
    stack.change(kubernetes={"exposure": exposure})
    try:
        stack.told("up")
        with stack.administrator() as target:
            assert not (target.way and target.way.carries)
            with target.open() as session:
                assert session.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
            record = next(one for one in json.loads(stack.run("urls").stdout) if one["role"] == "faevision_app")
            for way in ("direct", "pooled"):
                with psycopg.connect(record[way], sslrootcert=target.words["sslrootcert"]) as connection:
                    assert connection.execute("SELECT current_user").fetchone() == ("faevision_app",)
        assert stack.changes("up") == {}
    finally:
        stack.change(kubernetes={"exposure": {"type": "ClusterIP"}})
        stack.told("up")


def gateway_machine(stack: Stack) -> str:
    words = ("get", "pods", "-l", "app.kubernetes.io/name=gateway", "-o", "jsonpath={.items[0].status.hostIP}")
    return stack.platform.kubectl.run(*words)


def test_hibernation_keeps_the_data_and_ends_with_them(stack: Stack) -> None:
    stack.platform.sql(stack.platform.leader(), "CREATE TABLE slept (id int); INSERT INTO slept VALUES (42);")

    stack.change(kubernetes={"hibernate": True})
    stack.told("up")
    assert pods(stack.platform.kubectl) == {}
    assert stack.changes("up") == {}

    stack.change(kubernetes={"hibernate": False})
    stack.told("up")
    stack.platform.wait_whole()
    assert stack.platform.sql(stack.platform.leader(), "SELECT id FROM slept;") == "42"
    stack.platform.sql(stack.platform.leader(), "DROP TABLE slept;")
