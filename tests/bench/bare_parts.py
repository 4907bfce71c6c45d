"""The floor of `make bench-up`: initdb, two base backups and Patroni's own start, each alone and nothing else.

Run in a scratch folder with loopback ports found free; no TLS, no supervisor, no Pulumi. Everything started is stopped
by pid. The numbers are printed beside ours in one run, because absolute times on a shared machine say little.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.ports import free_port

LIMIT = 60.0


def server_user() -> str | None:
    """`postgres` for root, since a server refuses to run as root; else whoever calls."""
    return "postgres" if os.geteuid() == 0 else None


def until(what: str, ready: Callable[[], bool], limit: float = LIMIT) -> None:
    """Poll `ready` every 20 ms; a TimeoutError says what was waited for."""
    deadline = time.monotonic() + limit
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {limit:.0f} s for {what}")
        time.sleep(0.02)


@contextmanager
def running(command: list[str], folder: Path, log: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server as the server's user; its whole process group is ended on the way out."""
    with (folder / log).open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, user=server_user(), start_new_session=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)


def timed(action: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def run(command: list[str], folder: Path) -> None:
    """One program as the server's user, quiet unless it fails."""
    done = subprocess.run(command, cwd=folder, user=server_user(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")


def _patroni_file(folder: Path, binaries: Path, port: int, etcd: int) -> tuple[Path, int]:
    rest = free_port()
    settings = {
        "scope": "bare",
        "name": "bare",
        "restapi": {"listen": f"127.0.0.1:{rest}", "connect_address": f"127.0.0.1:{rest}"},
        "etcd3": {"host": f"127.0.0.1:{etcd}"},
        "bootstrap": {"dcs": {"ttl": 20, "loop_wait": 1, "retry_timeout": 9}},
        "postgresql": {
            "listen": f"127.0.0.1:{port}",
            "connect_address": f"127.0.0.1:{port}",
            "data_dir": str(folder / "primary"),
            "pgpass": str(folder / "pgpass"),
            "bin_dir": str(binaries),
            "use_unix_socket": True,
            "parameters": {"unix_socket_directories": str(folder)},
            "authentication": {"superuser": {"username": "postgres"}, "replication": {"username": "postgres"}},
        },
    }
    path = folder / "patroni.yml"
    path.write_text(yaml.safe_dump(settings))
    return path, rest


def _leads(rest: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{rest}/primary", timeout=2) as answer:
            state = json.load(answer)
        return bool(state["role"] in ("primary", "master") and state["state"] == "running")
    except OSError:
        return False


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _backups(folder: Path, binaries: Path, port: int) -> float:
    """Two base backups one after the other, from a server that is already up and not counted."""

    def copy() -> None:
        for number in (1, 2):
            target = str(folder / f"replica-{number}")
            run([str(binaries / "pg_basebackup"), "-h", str(folder), "-p", str(port), "-U", "postgres", "-D", target,
                 "-X", "stream", "-c", "fast"], folder)  # fmt: skip

    server = [str(binaries / "postgres"), "-D", str(folder / "primary"), "-p", str(port), "-h", "127.0.0.1",
              "-k", str(folder)]  # fmt: skip
    with running(server, folder, "postgres.log"):
        until("PostgreSQL's port", lambda: _answers(port))
        return timed(copy)


def _patroni_start(folder: Path, binaries: Path, patroni: Path, port: int) -> float:
    """From Patroni's launch on an initialised folder until its REST interface says primary; etcd is up before."""
    etcd, peer = free_port(), free_port()
    client, peers = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
    node = [shutil.which("etcd") or "etcd", "--name", "bare", "--data-dir", str(folder / "etcd"),
            "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peers,
            "--initial-advertise-peer-urls", peers, "--initial-cluster", f"bare={peers}"]  # fmt: skip
    settings, rest = _patroni_file(folder, binaries, port, etcd)
    with running(node, folder, "etcd.log"):
        until("etcd's port", lambda: _answers(etcd))
        start = time.perf_counter()
        with running([str(patroni / "bin" / "patroni"), str(settings)], folder, "patroni.log"):
            try:
                until("Patroni to lead", lambda: _leads(rest))
            except TimeoutError as error:
                raise TimeoutError(f"{error}; its log ends: {(folder / 'patroni.log').read_text()[-1500:]}") from None
            return time.perf_counter() - start


def bare_parts(binaries: Path, patroni: Path) -> dict[str, float]:
    """Seconds of each bare part by name. `binaries` is a folder, `patroni` a virtual environment."""
    with tempfile.TemporaryDirectory(prefix="bare-", dir="/tmp") as name:  # sockets need a short path
        folder = Path(name)
        user = server_user()
        if user:
            entry = pwd.getpwnam(user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        port = free_port()
        initdb = [str(binaries / "initdb"), "-D", str(folder / "primary"), "-U", "postgres", "--data-checksums",
                  "--auth=trust", "--encoding=UTF8"]  # fmt: skip
        return {
            "initdb": timed(lambda: run(initdb, folder)),
            "two base backups": _backups(folder, binaries, port),
            "Patroni's own start": _patroni_start(folder, binaries, patroni, port),
        }
