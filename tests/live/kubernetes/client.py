"""An application: a pod in a namespace of its own, which writes through the Services and keeps what it was told."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.chaos.report import Audit
from tests.live.kubernetes.lab import ROOT, Kubectl, wait_until
from tests.live.kubernetes.platform import Platform

IMAGE = "localhost/postgres-platform:17"
ROUTES = {"pooled": ("pg-pool", 6432), "direct": ("pg-rw", 5432)}
DATABASE = ROLE = "chaos"
SCRIPTS = (ROOT / "tests" / "chaos" / "writer.py", Path(__file__).with_name("in_pod.py"))
READERS = {"pooled-reader": ("pg-pool-ro", 6432), "reader": ("pg-ro", 5432)}
OUTPUT = "/out/told"
_ASK = """
import json, sys
import psycopg
route, statement, times, namespace = json.load(sys.stdin)
words = json.load(open("/scripts/asked.json"))[route]
words["host"] = words["host"].partition(".")[0] + f".{namespace}.svc"
for _ in range(times):
    with psycopg.connect(**words, autocommit=True) as connection:
        print(json.dumps(connection.execute(statement).fetchone()))
"""
READY = "test -s /out/told"


def conninfo(service: str, port: int, namespace: str, password: str) -> dict[str, Any]:
    """TLS with the name verified, as every application has it."""
    return {
        "host": f"{service}.{namespace}.svc",
        "port": port,
        "dbname": DATABASE,
        "user": ROLE,
        "password": password,
        "sslmode": "verify-full",
        "sslrootcert": "/scripts/ca.crt",
        "connect_timeout": 10,
    }


def pod() -> dict[str, Any]:
    """Unprivileged, as the namespace asks; it writes to memory."""
    mounts = [{"name": "scripts", "mountPath": "/scripts"}, {"name": "out", "mountPath": "/out"}]
    container = {
        "name": "writer",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/opt/patroni/bin/python3", "/scripts/in_pod.py", "/scripts/routes.json", OUTPUT],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "readinessProbe": {"exec": {"command": ["sh", "-c", READY]}, "periodSeconds": 1},
        "volumeMounts": mounts,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "writer"},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "runAsGroup": 10001,
                "fsGroup": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [
                {"name": "scripts", "secret": {"secretName": "scripts"}},
                {"name": "out", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
            ],
        },
    }


@dataclass
class Client:
    """The writer's pod; `node` keeps it off the machine that a test will stop."""

    platform: Platform
    trust: str = "ca"  # the Secret whose ca.crt it verifies servers with
    name: str = field(default_factory=lambda: f"test-writer-{secrets.token_hex(3)}")
    told: list[list[Any]] = field(default_factory=list)
    heard: int = 0

    @property
    def kubectl(self) -> Kubectl:
        return Kubectl(self.platform.kubectl.kubeconfig, self.name)

    def start(self, node: str | None = None) -> None:
        """The database, its login, and the pod; returns once a row was acknowledged by each route."""
        password = secrets.token_urlsafe(24)
        self._database(password)
        namespace = self.platform.kubectl.namespace
        ca = self.platform.kubectl.run(
            "get", "secret", self.trust, "-o", 'go-template={{index .data "ca.crt" | base64decode}}'
        )
        routes = {route: conninfo(*at, namespace, password) for route, at in ROUTES.items()}
        content = {script.name: script.read_text(encoding="utf-8") for script in SCRIPTS}
        asked = {route: conninfo(*at, namespace, password) for route, at in (ROUTES | READERS).items()}
        content |= {"routes.json": json.dumps(routes), "asked.json": json.dumps(asked), "ca.crt": ca}
        plain = pod()
        if node is not None:
            plain["spec"]["nodeName"] = node
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        parts: list[dict[str, Any]] = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name, "labels": labels}},
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "scripts"}, "stringData": content},
            plain,
        ]
        for part in parts:
            self.kubectl.run("apply", "--server-side", "-f", "-", given=json.dumps(part))
        wait_until(120, "a row was acknowledged by each route", self._silent)

    def ask(self, route: str, statement: str, times: int = 1, namespace: str = "") -> list[list[Any]]:
        """What a new connection by that route answers, once for each of `times`; of another `namespace`'s gateway."""
        words = ("exec", "-i", "writer", "--", "/opt/patroni/bin/python3", "-c", _ASK)
        given = [route, statement, times, namespace or self.platform.kubectl.namespace]
        told = self.kubectl.run(*words, given=json.dumps(given), limit=120)
        return [json.loads(line) for line in told.splitlines()]

    def stop(self) -> Audit:
        """Ends the writer and compares what was acknowledged with what is there."""
        self.read()
        self.kubectl.run("delete", "pod", "writer", "--ignore-not-found", "--wait=true")
        leader = self.platform.leader()
        rows = self.platform.sql(leader, "SELECT route || ' ' || id FROM acknowledged", DATABASE).splitlines()
        there = set(rows)
        told = [(str(line[0]), int(line[1])) for line in self.told if line[1] is not None]
        return Audit(len(told), [row for row in told if f"{row[0]} {row[1]}" not in there])

    def remove(self) -> None:
        self.kubectl.try_to("delete", "namespace", self.name, "--ignore-not-found", "--wait=false")
        leader = self.platform.leader()
        self.platform.sql(leader, "DROP DATABASE IF EXISTS chaos WITH (FORCE);")
        self.platform.sql(leader, "DROP ROLE IF EXISTS chaos;")

    def read(self) -> None:
        """Takes what the pod has told since the last time."""
        text = self.kubectl.run("exec", "writer", "--", "tail", "-n", f"+{len(self.told) + 1}", OUTPUT)
        whole = text[: text.rfind("\n") + 1]
        self.told += [json.loads(line) for line in whole.splitlines()]

    def last(self, route: str) -> float:
        """When the last row by this route was acknowledged; 0 before the first."""
        return max((line[2] for line in self.told if line[0] == route and line[1] is not None), default=0.0)

    def outage(self, route: str, since: float) -> float:
        """The longest time between two acknowledgements of which the later came after `since`."""
        times = sorted(line[2] for line in self.told if line[0] == route and line[1] is not None)
        return max((later - earlier for earlier, later in pairwise(times) if later >= since), default=float("inf"))

    def complaints(self, route: str) -> list[str]:
        """What transactions failed with on that route, since complaints were forgotten."""
        return [str(line[3]).strip() for line in self.told[self.heard :] if line[0] == route and line[1] is None]

    def forget_complaints(self) -> None:
        self.read()
        self.heard = len(self.told)

    def errors(self, route: str, since: float) -> int:
        return sum(line[0] == route and line[1] is None and line[2] >= since for line in self.told)

    def wait_flowing(self, since: float, limit: float) -> None:
        """Until each route had a row acknowledged after `since`."""

        def missing() -> str:
            self.read()
            stuck = [route for route in ROUTES if self.last(route) <= since]
            said = [line[3] for line in self.told if line[1] is None][-1:]
            return f"nothing by {', '.join(stuck)}; last error: {said}" if stuck else ""

        wait_until(limit, "writes go on", missing, pause=0.3)

    def _silent(self) -> str:
        done = self.kubectl.try_to("exec", "writer", "--", "cat", OUTPUT)
        heard = {json.loads(line)[0] for line in done.stdout.splitlines() if '"' in line and "null" not in line}
        said = done.stdout.splitlines()[-1:] or [done.stderr.strip()]
        return "" if heard == set(ROUTES) else f"heard of {sorted(heard)}; {said[0][:300]}"

    def _database(self, password: str) -> None:
        leader = self.platform.leader()
        self.platform.sql(leader, "DROP DATABASE IF EXISTS chaos WITH (FORCE);")
        self.platform.sql(leader, f"DROP ROLE IF EXISTS chaos; CREATE ROLE chaos LOGIN PASSWORD '{password}';")
        self.platform.sql(leader, "CREATE DATABASE chaos OWNER chaos;")
        self.platform.sql(
            leader,
            "CREATE TABLE acknowledged (route text NOT NULL, id bigint NOT NULL, PRIMARY KEY (route, id));"
            " GRANT SELECT, INSERT ON acknowledged TO chaos;",
            DATABASE,
        )


@contextlib.contextmanager
def writing(platform: Platform) -> Iterator[Client]:
    """An application that goes on writing until the end of the block."""
    made = Client(platform)
    try:
        made.start()
        yield made
    finally:
        made.remove()


def now() -> float:
    """The lab's pods and this process share one clock."""
    return time.time()
