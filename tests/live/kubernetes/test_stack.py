"""A stack on Kubernetes, from nothing to nothing, through the real engine: up, up again, drift, repair, down."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.live.kubernetes.stack import Stack
from tests.project_copy import ROOT

pytestmark = [pytest.mark.live, pytest.mark.timeout(3600)]
POLICY_TABLE, POLICY_DATABASE = ("app", "projects"), "faevision"
SESSIONS = 8


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path) -> Iterator[Stack]:
    """Up once for all tests of this file, which run in their order."""
    made = Stack.make(tmp_path_factory.mktemp("stack"), f"t{secrets.token_hex(3)}", kubeconfig)
    try:
        yield made
    finally:
        made.end()


def test_preview_of_nothing_makes_nothing(stack: Stack) -> None:
    assert stack.changes("preview")["create"] > 50
    found = stack.platform.kubectl.try_to("get", "namespace", stack.namespace)
    assert "NotFound" in found.stderr


def test_up_from_nothing_gives_a_whole_cluster_with_access_applied(stack: Stack) -> None:
    stack.told("up")

    stack.platform.wait_whole()
    view = stack.platform.view()
    assert sorted(each["role"] for each in view) == ["leader", "quorum_standby", "quorum_standby"]
    assert {each["state"] for each in view} == {"running", "streaming"}
    assert stack.run("status").returncode == 0, stack.run("status").stdout


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    assert stack.changes("up") == {}
    assert stack.changes("refresh") == {}


@pytest.mark.parametrize("system", ["faevision", "devmentor"])
def test_isolation_holds_through_the_pooled_service(stack: Stack, system: str, tmp_path: Path) -> None:
    """The system's own tests, whose sessions go through the Services by the forwards of the platform's routes."""
    with stack.urls() as records:
        file = tmp_path / "urls.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(records))
        command = [str(ROOT / ".venv/bin/python"), "-m", "pytest", "-q", f"tests/live/seeds/test_{system}.py"]
        environment = os.environ | {"POSTGRES_PLATFORM_URLS": str(file)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


def test_pooled_sessions_get_new_role_settings_from_every_gateway(stack: Stack) -> None:
    """They are open before the `up` and after it, enough of them that no gateway has none."""
    before, after = (f"settings: {{ statement_timeout: {limit}, idle_in" for limit in ("30s", "29s"))
    spec = stack.root / "sql/faevision/access.yaml"
    with stack.urls() as records, ExitStack() as held:
        record = next(one for one in records if one["role"] == "faevision_app")
        sessions = [
            held.enter_context(psycopg.connect(record[way], autocommit=True))
            for way in ("pooled", "read_only")
            for _ in range(SESSIONS)
        ]
        assert limits(sessions) == ["30s"] * len(sessions)
        assert holders(stack) == gateways(stack)

        spec.write_text(spec.read_text().replace(before, after, 1))
        told = stack.told("up")

        assert "until it is told to RECONNECT" not in told
        assert limits(sessions) == ["29s"] * len(sessions)
    assert stack.changes("up") == {}


def limits(sessions: Sequence[psycopg.Connection[Any]]) -> list[str]:
    rows = [session.execute("SHOW statement_timeout").fetchone() for session in sessions]
    return [str(row[0]) for row in rows if row]


def gateways(stack: Stack) -> set[str]:
    words = ("get", "pods", "-l", "app.kubernetes.io/name=gateway", "-o", "jsonpath={.items[*].status.podIP}")
    return set(stack.platform.kubectl.run(*words).split())


def holders(stack: Stack) -> set[str]:
    """The gateways whose PgBouncer holds a session of the application's on the leader."""
    asked = "SELECT DISTINCT host(client_addr) FROM pg_stat_activity WHERE usename = 'faevision_app'"
    return set(stack.platform.sql(stack.platform.leader(), asked).split())


def test_each_login_has_a_secret_that_opens_its_database(stack: Stack) -> None:
    name = "login.faevision-app.faevision"
    data = json.loads(stack.platform.kubectl.run("get", "secret", name, "-o", "json"))["data"]

    assert data.keys() == {"pooled", "direct", "read_only", "host", "port", "user", "password", "database", "ca.crt"}


def test_no_secret_shows_in_state_or_log(stack: Stack) -> None:
    for record in json.loads(stack.run("urls").stdout):
        password = record["pooled"].partition("://")[2].partition("@")[0].partition(":")[2]
        assert password not in stack.state()
        assert password not in stack.log()


def test_drift_is_shown_and_repaired(stack: Stack) -> None:
    """A hand-edited ConfigMap, a deleted Service, a dropped row policy."""
    kubectl = stack.platform.kubectl
    before = kubectl.run("get", "configmap", "patroni", "-o", "jsonpath={.data}")
    edited = {name: text + "\n# by hand\n" for name, text in list(json.loads(before).items())[:1]}
    kubectl.run("patch", "configmap", "patroni", "-p", json.dumps({"data": edited}))
    kubectl.run("delete", "service", "pg-pool-ro")
    with stack.administrator() as target, target.open(POLICY_DATABASE) as connection:
        [(policy,)] = connection.execute(
            "SELECT policyname FROM pg_policies WHERE (schemaname, tablename) = (%s, %s) LIMIT 1", POLICY_TABLE
        ).fetchall()
        connection.execute(
            sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), sql.Identifier(*POLICY_TABLE))
        )

    found = stack.changes("refresh")
    shown = stack.log()
    assert found.get("delete") == 1
    assert f"{stack.name}-configmap-patroni" in shown
    assert f"{stack.name}-service-pg-pool-ro" in shown
    assert "CREATE POLICY" in shown
    assert policy in shown
    previewed = stack.told("preview")
    assert "CREATE POLICY" in previewed
    assert policy in previewed

    stack.changes("up")
    assert kubectl.run("get", "configmap", "patroni", "-o", "jsonpath={.data}") == before
    assert kubectl.run("get", "service", "pg-pool-ro", "-o", "name").strip() == "service/pg-pool-ro"
    with stack.administrator() as target, target.open(POLICY_DATABASE) as connection:
        assert connection.execute("SELECT FROM pg_policies WHERE policyname = %s", [policy]).rowcount == 1
    assert stack.changes("up") == {}


def test_down_leaves_the_volumes_and_nothing_else(stack: Stack) -> None:
    stack.told("down")

    words = ("get", "all,secrets,configmaps,networkpolicies,poddisruptionbudgets,serviceaccounts,pvc", "-o", "name")
    left = set(stack.platform.kubectl.run(*words).split())
    volumes = {f"persistentvolumeclaim/data-{pod}" for pod in ("pg-0", "pg-1", "pg-2", "etcd-0", "etcd-1", "etcd-2")}
    assert left - {"configmap/kube-root-ca.crt", "serviceaccount/default"} == volumes
