"""A stack with nothing but the embedded platform, driven by the real engine: folder, ports and state of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pulumi
from pulumi import automation

from components.embedded.cluster import PROJECT, SUPERVISOR, EmbeddedCluster, survey
from components.render.hba import Admission
from components.settings.load import load
from components.supervisor import processes
from tests.project_copy import free_base_port

PULUMI = Path.home() / ".cache/postgres-platform/pulumi-3.255.0"
SCRIPT = "github.com/pulumi/pulumi/sdk/v3@v3.255.0/python/dist/pulumi-resource-pulumi-python"
BASE_PORT = free_base_port()
MAJOR = 15


def script() -> Path | None:
    """The script that serves dynamic providers, in Go's module cache; None when it is not there."""
    modules = subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True, check=False)
    source = Path(modules.stdout.strip()) / SCRIPT
    return source if source.exists() else None


@dataclasses.dataclass
class Run:
    """What one command of Pulumi showed."""

    text: str
    counted: Mapping[str, int]

    def changed(self) -> int:
        """How many resources were created, updated, replaced or deleted."""
        return sum(count for kind, count in self.counted.items() if kind != "same")


class Stack:
    """`home` is short, because sockets lie in it."""

    def __init__(self, home: Path) -> None:
        self.home, self.local = home, home / ".local"
        self.admissions: tuple[Admission, ...] | None = None
        for name in ("backend", "work", "bin"):
            (home / name).mkdir()
        # A copy, so that a change of the code while this runs restarts nothing.
        self.supervisor = home / "supervisor"
        shutil.copytree(SUPERVISOR, self.supervisor, ignore=shutil.ignore_patterns("__pycache__"))
        source = script()
        assert source is not None
        runnable = home / "bin" / source.name
        runnable.write_bytes(source.read_bytes())  # module caches hold nothing executable
        runnable.chmod(0o755)
        self.environment = {
            "PATH": f"{PROJECT / '.venv/bin'}:{PULUMI}:{home / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT),
            "PULUMI_BACKEND_URL": (home / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "only for this test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def _stack(self, given: Mapping[str, Any]) -> automation.Stack:
        place = {"directory": str(self.local), "base_port": BASE_PORT, **given.get("embedded", {})}
        settings = load({"platform": "embedded", **given, "embedded": place}, default_major=MAJOR)

        def program() -> None:
            ground = dataclasses.replace(survey(settings), supervisor=self.supervisor)
            cluster = EmbeddedCluster(settings.name, settings, admissions=self.admissions, ground=ground)
            pulumi.export("ready", cluster.ready)

        os.environ.update(self.environment)
        options = automation.LocalWorkspaceOptions(work_dir=str(self.home / "work"), env_vars=self.environment)
        return automation.create_or_select_stack(
            "test", project_name="postgres-platform", program=program, opts=options
        )

    def up(self, **given: Any) -> Run:
        said: list[str] = []
        done = self._stack(given).up(on_output=said.append)
        return Run("\n".join(said), done.summary.resource_changes or {})

    def preview(self, **given: Any) -> Run:
        said: list[str] = []
        done = self._stack(given).preview(on_output=said.append)
        return Run("\n".join(said), {str(kind): count for kind, count in done.change_summary.items()})

    def refresh(self) -> Run:
        said: list[str] = []
        done = self._stack({}).refresh(on_output=said.append)
        return Run("\n".join(said), done.summary.resource_changes or {})

    def destroy(self) -> Run:
        said: list[str] = []
        done = self._stack({}).destroy(on_output=said.append)
        return Run("\n".join(said), done.summary.resource_changes or {})

    # The cluster itself.

    def document(self) -> dict[str, Any]:
        plain: dict[str, Any] = json.loads((self.local / "cluster.json").read_text(encoding="utf-8"))
        return plain

    def session(self, port: int) -> psycopg.Connection[Any]:
        """The administrator at that port."""
        return psycopg.connect(
            host="localhost",
            port=port,
            dbname="postgres",
            user="postgres",
            sslmode="verify-full",
            sslrootcert=str(self.local / "ca.crt"),
            sslcert=str(self.local / "pki/postgres.crt"),
            sslkey=str(self.local / "pki/postgres.key"),
            connect_timeout=10,
            autocommit=True,
        )

    def ask(self, port: int, statement: str) -> Any:
        """One value."""
        with self.session(port) as session:
            row = session.execute(statement.encode()).fetchone()
            return row[0] if row else None

    def members(self) -> dict[str, int]:
        return {name: int(at["port"]) for name, at in self.document()["members"].items()}

    def leader(self) -> str:
        return next(name for name, port in self.members().items() if not self.ask(port, "SELECT pg_is_in_recovery()"))

    def started(self, port: int) -> str:
        return str(self.ask(port, "SELECT pg_postmaster_start_time()"))

    def supervisor_pid(self, part: str) -> int:
        return int(json.loads((self.local / part / "status.json").read_text(encoding="utf-8"))["pid"])

    def child_pid(self, part: str, name: str) -> int:
        status = json.loads((self.local / part / "status.json").read_text(encoding="utf-8"))
        return int(status["children"][name]["pid"])

    def kill(self, part: str) -> None:
        """The supervisor and, through the kernel, all it runs."""
        os.kill(self.supervisor_pid(part), signal.SIGKILL)

    def power_cut(self) -> None:
        """Everything is gone at once; what a dying supervisor restarts meanwhile, too."""
        deadline = time.monotonic() + 20
        while pids := self.left():
            assert time.monotonic() < deadline
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)

    def left(self) -> list[int]:
        """Processes that work below the folder."""
        found = []
        for pid, process in processes.table().items():
            try:
                place = os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115
            except OSError:
                continue
            if process.alive and re.match(rf"{re.escape(str(self.home))}/\.local\b", place):
                found.append(pid)
        return found
