"""A whole stack through the driver, in a copy of the project: what `make up`, `make refresh`, `make down` do."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import yaml

from components.access.session import Target, reached
from components.contract import Endpoint, Route
from components.kubernetes import arguments
from components.kubernetes.kubectl import kubectl
from components.reach import identity_files, open_route
from components.settings.model import Settings
from tests.live.kubernetes.client import pod
from tests.live.kubernetes.engine import plugin_folders
from tests.live.kubernetes.lab import Kubectl
from tests.live.kubernetes.platform import Platform
from tests.project_copy import LEFT_OUT, NAMESPACE, ROOT
from tools.driver import pods
from tools.driver import settings as stack_settings
from tools.driver.project import Project
from tools.setup.pulumi import ensure_pulumi, search_path

LIMIT_S = 1500
RELAY, FIRST = Path(__file__).with_name("relay.py"), 15001
IMAGE = "localhost/postgres-platform:17"
# Small enough that three members, etcd and gateways fit beside other work on a machine with two cores.
SIZES: Mapping[str, Any] = {
    "image": IMAGE,
    "storage": {"size": "1Gi", "etcd_size": "1Gi"},
    "resources": {"cpu": "100m", "memory": "384Mi"},
}


@dataclass
class Stack:
    """One stack of a project copy."""

    root: Path
    name: str
    kubeconfig: Path

    @staticmethod
    def make(folder: Path, name: str, kubeconfig: Path) -> Stack:
        root = folder / "project"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (root / ".venv").symlink_to(ROOT / ".venv")
        return Stack(root, name, kubeconfig)._begun()

    def beside(self, name: str) -> Stack:
        """Another stack of the same project."""
        return Stack(self.root, name, self.kubeconfig)._begun()

    def _begun(self) -> Stack:
        given = {
            "platform": "kubernetes",
            "name": self.name,
            "replicas": 2,
            "access": ["sql/faevision/access.yaml", "sql/devmentor/access.yaml"],
            "kubernetes": {**SIZES, "kubeconfig": str(self.kubeconfig)},
        }
        self._write({f"{NAMESPACE}:{key}": value for key, value in given.items()})
        return self

    @property
    def namespace(self) -> str:
        return f"postgres-{self.name}"

    @property
    def platform(self) -> Platform:
        return Platform(Kubectl(self.kubeconfig, self.namespace))

    @property
    def _file(self) -> Path:
        return self.root / f"Pulumi.{self.name}.yaml"

    def _write(self, config: Mapping[str, Any]) -> None:
        """Whatever else is in the file, such as the salt of its secrets, stays."""
        before = yaml.safe_load(self._file.read_text()) if self._file.exists() else {}
        self._file.write_text(yaml.safe_dump({**before, "config": dict(config)}))

    def change(self, **keys: Any) -> None:
        """Sets keys of the stack; those of `kubernetes` join what is there."""
        config = yaml.safe_load(self._file.read_text())["config"]
        for key, value in keys.items():
            full = f"{NAMESPACE}:{key}"
            config[full] = {**config.get(full, {}), **value} if isinstance(value, dict) else value
        self._write(config)

    # --- the driver ---

    def run(self, verb: str, *words: str, limit: int = LIMIT_S) -> subprocess.CompletedProcess[str]:
        """One command of the driver; what the engine told lies in .pulumi/last-run.log too."""
        command = [str(self.root / ".venv/bin/python"), "-m", "tools.driver", verb, "--stack", self.name, *words]
        return subprocess.run(
            command, cwd=self.root, env=self.environment(), capture_output=True, text=True, check=False, timeout=limit
        )

    def told(self, verb: str, *words: str) -> str:
        """Its output; an AssertionError with its end when it failed."""
        done = self.run(verb, *words)
        assert done.returncode == 0, f"{verb}: {done.stderr[-3000:]}{done.stdout[-1000:]}"
        return done.stdout + done.stderr

    def pulumi(self, *words: str, given: str = "") -> str:
        """The CLI with the project's backend and passphrase, as `tools/run pulumi` starts it; what it prints."""
        command = [str(self.root / ".venv/bin/python"), "-m", "tools.driver", "pulumi", *words]
        environment = {**self.environment(), "STACK": self.name}
        done = subprocess.run(
            command, cwd=self.root, env=environment, input=given, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def changes(self, verb: str) -> dict[str, int]:
        """How many resources were created, updated ...; {} when nothing had to change."""
        done = self.run(verb, "--json")
        assert done.returncode == 0, f"{verb}: {done.stderr[-3000:]}{done.stdout[-1000:]}"
        found: dict[str, int] = json.loads(done.stdout)["changes"]
        return found

    def log(self) -> str:
        return (self.root / ".pulumi/last-run.log").read_text()

    @contextmanager
    def brought_up(self) -> Iterator[None]:
        """Up and whole within the block, ended after it."""
        try:
            self.told("up")
            self.platform.wait_whole()
            yield
        finally:
            self.end()

    def end(self) -> None:
        """Down, and the volumes that `down` leaves, too."""
        self.run("down")
        self.platform.kubectl.try_to("delete", "namespace", self.namespace, "--ignore-not-found", limit=240)

    def state(self) -> str:
        return "".join(file.read_text() for file in (self.root / ".pulumi/state").rglob("*.json"))

    def environment(self) -> dict[str, str]:
        found = ensure_pulumi()
        folders = [*plugin_folders(str(found / "pulumi")), str(ROOT / ".venv/bin"), *search_path(found)]
        own = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        return {**own, "PATH": os.pathsep.join([*folders, os.environ["PATH"]]), "KUBECONFIG": str(self.kubeconfig)}

    # --- its servers ---

    def settings(self) -> Settings:
        return stack_settings.check(Project(self.root, self.name))

    @contextmanager
    def administrator(self) -> Iterator[Target]:
        settings = self.settings()
        with reached(arguments.server(settings), pods.identity(kubectl(settings))) as target:
            yield target

    @contextmanager
    def urls(self) -> Iterator[list[dict[str, str]]]:
        """What `make urls` prints, with addresses of this machine; each Service is reached by a pod in the cluster."""
        settings = self.settings()
        server, known = arguments.server(settings), pods.identity(kubectl(settings))
        records = json.loads(self.run("urls").stdout)
        ends = (server.writer, server.pooled, server.pooled_reader)
        with ExitStack() as held:
            files = held.enter_context(identity_files({"ca": known["ca"]}))
            ways = held.enter_context(relayed(self.kubeconfig, ends))
            yield [_here(record, ways, files["sslrootcert"]) for record in records]


@contextmanager
def relayed(kubeconfig: Path, ends: Sequence[Endpoint]) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    """A way to each endpoint, by host: kubectl to a pod in a namespace of its own, and from there as pods do."""
    space = Kubectl(kubeconfig, f"test-relay-{secrets.token_hex(3)}")
    route = Route(kind="port-forward", namespace=space.namespace, kubeconfig=str(kubeconfig))
    try:
        for part in _relay(space.namespace, ends):
            space.run("apply", "--server-side", "-f", "-", given=json.dumps(part))
        space.run("wait", "--for=condition=Ready", "pod/relay", "--timeout=120s", limit=150)
        with ExitStack() as held:
            found = {}
            for number, end in enumerate(ends):
                here = Endpoint(host=f"relay.relay.{space.namespace}.svc", port=FIRST + number)
                found[end.host] = held.enter_context(open_route(route, here)).words()
            yield found
    finally:
        space.try_to("delete", "namespace", space.namespace, "--ignore-not-found", "--wait=false")


def _relay(namespace: str, ends: Sequence[Endpoint]) -> list[dict[str, Any]]:
    """An unprivileged pod with a program of ours; the writer's pod, but for what it runs."""
    plain = pod()
    plain["metadata"]["name"] = "relay"
    container = plain["spec"]["containers"][0]
    targets = [f"{FIRST + number}={end.host}:{end.port}" for number, end in enumerate(ends)]
    container["command"] = ["python3", f"/scripts/{RELAY.name}", *targets]
    container["readinessProbe"] = {"tcpSocket": {"port": FIRST}, "periodSeconds": 1}
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "scripts"},
         "stringData": {RELAY.name: RELAY.read_text(encoding="utf-8")}},
        plain,
    ]  # fmt: skip


def _here(record: Mapping[str, str], ways: Mapping[str, Mapping[str, Any]], ca: str) -> dict[str, str]:
    return {key: _carried(value, ways, ca) if "://" in value else value for key, value in record.items()}


def _carried(url: str, ways: Mapping[str, Mapping[str, Any]], ca: str) -> str:
    """The same URL by way of a forward; the name that is verified stays."""
    parts = urlsplit(url)
    way = ways[str(parts.hostname)]
    login = parts.netloc.rpartition("@")[0]
    options = {**dict(parse_qsl(parts.query)), "hostaddr": way["hostaddr"], "sslrootcert": ca}
    netloc = f"{login}@{parts.hostname}:{way['port']}"
    return urlunsplit(parts._replace(netloc=netloc, query=urlencode(options, quote_via=quote, safe="/")))
