"""A folder with certificates, one etcd and one PostgreSQL, and supervisors run from a copy of the package."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.render.sites import Certificate
from components.supervisor import etcd, processes, status
from components.supervisor.configuration import Etcd
from tests.live.render.authority import Authority
from tests.ports import free_port

SOURCE = Path(__file__).parent.parent.parent.parent / "components" / "supervisor"
BINARIES = Path("/usr/lib/postgresql/15/bin")
USER = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
GROUP = pwd.getpwnam(USER).pw_gid
PYTHON = getattr(sys, "_base_executable", sys.executable)  # the environment's own may lie where USER cannot go
PREFIX = "/service/main/"


def wait_until(condition: Callable[[], Any], what: str, limit: float = 15.0) -> Any:
    """The first true value of `condition`; fails with what it waited for."""
    deadline = time.monotonic() + limit
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {limit:g} s for: {what}"
        time.sleep(0.02)
    return value


class Stage:
    """Paths, configuration files and processes of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        self.port, self.peer, self.postgres = free_port(), free_port(), free_port()
        shutil.copytree(SOURCE, folder / "runtime" / "supervisor", ignore=shutil.ignore_patterns("__pycache__"))
        pki = folder / "pki"
        self.certificate = Certificate(
            ca=str(pki / "ca.crt"), certificate=str(pki / "server.crt"), key=str(pki / "server.key")
        )
        Authority().issue("localhost", self.certificate)
        self.access = {"ca": self.certificate.ca, "cert": self.certificate.certificate, "key": self.certificate.key}
        self.etcd = {"endpoints": [f"https://localhost:{self.port}"], **self.access}
        self.client = etcd.Client(Etcd(endpoints=(f"https://localhost:{self.port}",), **self.access))

    def own(self) -> None:
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, pwd.getpwnam(USER).pw_uid, GROUP)

    def write(self, name: str, content: dict[str, Any]) -> Path:
        """<name>/<name>.json, with what all roles need."""
        home = self.folder / name
        home.mkdir(exist_ok=True)
        base = {"name": name, "directory": str(home), "log_file": str(home / "log"), "restart_delay_seconds": 0.2}
        file = home / f"{name}.json"
        file.write_text(json.dumps({**base, "status_file": str(home / "status.json"), **content}))
        self.own()
        return file

    def start(self, role: str, file: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [PYTHON, "-m", "supervisor", role, "--config", str(file)],
            cwd=self.folder / "runtime",
            env={"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(self.folder)},
            user=USER,
            group=GROUP,
            extra_groups=[],
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def status(self, name: str) -> dict[str, Any]:
        return status.read(str(self.folder / name / "status.json"))

    def log(self, name: str) -> str:
        return (self.folder / name / "log").read_text(errors="replace")

    def stored(self) -> dict[str, str]:
        """The keys of the scope in etcd, without the prefix."""
        found = self.client.snapshot(PREFIX, limit=5.0).keys
        return {name.removeprefix(PREFIX): key.value for name, key in found.items()}

    def put(self, key: str, value: str) -> None:
        self.client.call("/v3/kv/put", {"key": etcd.encode(PREFIX + key), "value": etcd.encode(value)}, limit=5.0)

    # The two servers.

    def start_etcd(self) -> subprocess.Popen[bytes]:
        tls = self.certificate
        url, peer = f"https://localhost:{self.port}", f"https://localhost:{self.peer}"
        options = {
            "name": "e",
            "data-dir": str(self.folder / "etcd" / "data"),
            "listen-client-urls": f"https://127.0.0.1:{self.port}",
            "advertise-client-urls": url,
            "listen-peer-urls": f"https://127.0.0.1:{self.peer}",
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"e={peer}",
            "cert-file": tls.certificate,
            "key-file": tls.key,
            "trusted-ca-file": tls.ca,
            "peer-cert-file": tls.certificate,
            "peer-key-file": tls.key,
            "peer-trusted-ca-file": tls.ca,
            "heartbeat-interval": "20",
            "election-timeout": "200",
        }
        command = ["etcd", "--client-cert-auth", *(f"--{name}={value}" for name, value in options.items())]
        process = self.start("node", self.write("etcd", {"command": command}))
        wait_until(self._etcd_answers, "etcd answers")
        return process

    def _etcd_answers(self) -> bool:
        try:
            self.client.snapshot(PREFIX, limit=0.2)
        except etcd.EtcdError:
            return False
        return True

    def make_member(self, **scenario: Any) -> Path:
        """The configuration of a member whose Patroni is the stand-in, with a fresh data directory."""
        home, data = self.folder / "pg-1", self.folder / "pg-1" / "data"
        home.mkdir(exist_ok=True)
        self.own()
        if not data.exists():
            initdb = [str(BINARIES / "initdb"), "-D", str(data), "-U", "postgres", "--no-sync", "--auth=peer"]
            subprocess.run(initdb, user=USER, group=GROUP, extra_groups=[], cwd="/", check=True, capture_output=True)
        options = {"listen_addresses": "127.0.0.1", "port": self.postgres, "unix_socket_directories": str(home)}
        options |= {"restart_after_crash": "off", "shared_buffers": "16MB"}
        command = [
            str(BINARIES / "postgres"),
            "-D",
            str(data),
            *(f"--{name}={value}" for name, value in options.items()),
        ]
        given = {"etcd": self.etcd, "data_dir": str(data), "postgres": command, **scenario}
        (home / "scenario.json").write_text(json.dumps(given))
        shutil.copy(Path(__file__).parent / "stand_in_patroni.py", home)
        return self.write(
            "pg-1",
            {
                "scope": "main",
                "command": [PYTHON, str(home / "stand_in_patroni.py"), str(home / "scenario.json")],
                "environment": {"PYTHONPATH": str(self.folder / "runtime")},
                "data_dir": str(data),
                "etcd": self.etcd,
                "stop_limit_seconds": 5.0 if not scenario.get("stubborn") else 1.0,
            },
        )

    def wait_member(self) -> tuple[int, int]:
        """Until a member leads and its server is ready; the pids of Patroni's stand-in and of the postmaster."""
        pid_file = self.folder / "pg-1" / "data" / "postmaster.pid"
        data = str(pid_file.parent)
        wait_until(
            lambda: processes.postmaster_pid(data) in [one.pid for one in self.postgres_processes()], "a postmaster"
        )
        wait_until(lambda: "ready" in pid_file.read_text(), "PostgreSQL is ready")
        wait_until(lambda: self.status("pg-1").get("state") == "running", "the member runs")
        wait_until(lambda: self.stored().get("leader") == "pg-1", "the member leads")
        return self.status("pg-1")["children"]["patroni"]["pid"], int(pid_file.read_text().split("\n")[0])

    def postgres_processes(self) -> list[processes.Process]:
        return processes.postgres_of(processes.table().values(), str(self.folder / "pg-1" / "data"))

    def stop(self) -> None:
        """Everything, whatever state it is in: SIGTERM to the supervisors, then SIGKILL to what they left."""
        for process in reversed(self.started):  # etcd last: a member gives its lease back
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for child in self._recorded():
            processes.send(child, signal.SIGKILL)
        processes.end(self.postgres_processes, limit=5.0, reap=lambda: None)

    def _recorded(self) -> list[processes.Process]:
        children = [
            child for name in ("pg-1", "etcd", "gateway") for child in self.status(name).get("children", {}).values()
        ]
        return [processes.Process(child["pid"], 0, child["start_time"], "?") for child in children if child["pid"]]


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage in a folder of its own; whatever it started is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="supervisor-"))
    made = Stage(folder)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
