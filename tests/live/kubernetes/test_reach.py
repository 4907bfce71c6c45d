"""A real kubectl carries connections, is started again when it dies, and ends with whoever started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.contract import Endpoint, Route
from components.reach import RouteError, open_route
from components.reach.route import close_all
from tests.live.kubernetes.lab import wait_until

pytestmark = pytest.mark.live
STARTER = """
import sys, time
from components.contract import Endpoint, Route
from components.reach import open_route
route = Route(kind="port-forward", namespace="kube-system", kubeconfig=sys.argv[1])
with open_route(route, Endpoint(host="kube-dns.kube-system.svc", port=53)) as way:
    print(way.words()["port"], flush=True)
    time.sleep(600)
"""


@pytest.fixture
def route(kubeconfig: Path) -> Iterator[Route]:
    yield Route(kind="port-forward", namespace="kube-system", kubeconfig=str(kubeconfig))
    close_all()


@pytest.fixture
def names(route: Route) -> Endpoint:
    """The name server of every cluster, which speaks TCP on its port."""
    words = ["kubectl", f"--kubeconfig={route.kubeconfig}", "-n", "kube-system", "get", "service", "kube-dns"]
    if subprocess.run(words, capture_output=True, timeout=60).returncode != 0:
        pytest.skip("this cluster has no Service kube-dns")
    pods = subprocess.run(
        ["kubectl", f"--kubeconfig={route.kubeconfig}", "-n", "kube-system", "get", "pods", "-o", "name"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    if not pods.stdout:
        pytest.skip("a control plane alone has no pods to forward to")
    return Endpoint(host="kube-dns.kube-system.svc", port=53)


def children(port: int) -> list[int]:
    """The kubectl that listens there, by the command line that every process of ours has."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                own = str((entry / "exe").readlink())
            except OSError:
                continue
            if b"port-forward" in words and "python" not in own and _listens(int(entry.name), port):
                found.append(int(entry.name))
    return found


def _listens(pid: int, port: int) -> bool:
    sockets = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()}
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    inodes = {line.split()[9] for line in lines if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"}
    return any(f"socket:[{inode}]" in sockets for inode in inodes)


def test_a_forward_answers_and_comes_back_by_the_same_port(route: Route, names: Endpoint) -> None:
    with open_route(route, names) as way:
        words = way.words()
        assert words["hostaddr"] == "127.0.0.1"
        with socket.create_connection(("127.0.0.1", words["port"]), timeout=10):
            pass
        [kubectl] = children(words["port"])

        os.kill(kubectl, signal.SIGKILL)
        wait_until(30, "another kubectl", lambda: "" if children(words["port"]) not in ([], [kubectl]) else "none")

        assert way.words() == words
        with socket.create_connection(("127.0.0.1", words["port"]), timeout=10):
            pass


def test_what_is_not_there_is_said_in_kubectl_s_words(route: Route) -> None:
    endpoint, said = Endpoint(host="no-such.kube-system.svc", port=1), r'no-such.*services "no-such" not found'
    with open_route(route, endpoint) as way, pytest.raises(RouteError, match=said):
        way.words()


def test_a_forward_ends_with_a_starter_that_is_killed(route: Route, names: Endpoint) -> None:
    assert route.kubeconfig
    starter = subprocess.Popen([sys.executable, "-c", STARTER, route.kubeconfig], stdout=subprocess.PIPE, text=True)
    assert starter.stdout
    port = int(starter.stdout.readline())
    assert children(port)

    starter.kill()
    starter.wait()
    starter.stdout.close()

    began = time.monotonic()
    wait_until(15, "kubectl has ended", lambda: f"{children(port)}" if children(port) else "")
    assert time.monotonic() - began < 15
