"""The cluster under test: kubectl, and on the lab also its machines, which no API can break."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from components.supervisor import processes
from tools.lab.places import environment, lab, state
from tools.setup.progress import SetupError

ROOT = Path(__file__).parent.parent.parent.parent
_START_S = 1800


class NotInTimeError(Exception):
    """What was waited for did not come; the message says what, and what was there instead."""


def wait_until(limit: float, what: str, missing: Callable[[], str], pause: float = 0.5) -> float:
    """Until `missing` says nothing; returns the seconds that it took. Raises NotInTimeError with its last words."""
    began = time.monotonic()
    while said := missing():
        if time.monotonic() - began > limit:
            raise NotInTimeError(f"{what}: not within {limit:g} s: {said}")
        time.sleep(pause)
    return time.monotonic() - began


class NoClusterError(Exception):
    """There is neither a KUBECONFIG nor a lab; the message says how to get one."""


@contextlib.contextmanager
def kubernetes() -> Iterator[Path]:
    """The kubeconfig of the cluster under test: what KUBECONFIG names, else the lab, which is started if it is not up.

    One at a time uses the lab; whoever started it ends it.
    """
    if given := os.environ.get("KUBECONFIG"):
        yield Path(given).expanduser()
        return
    try:
        lab()
    except SetupError as error:
        raise NoClusterError(str(error)) from None
    if os.geteuid() != 0:
        raise NoClusterError("the lab needs root; or set KUBECONFIG to a cluster")
    with _one_at_a_time(), _running() as found:
        yield found


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two labs on one machine would take each other's addresses."""
    state().parent.mkdir(parents=True, exist_ok=True)
    with (state().parent / "lab.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _running() -> Iterator[Path]:
    was_up = (state() / "pids" / "control").exists()
    try:
        subprocess.run([sys.executable, "-m", "tools.lab", "up"], cwd=ROOT, check=True, timeout=_START_S)
        with _its_kubectl():
            yield state() / "kubeconfig"
    finally:
        if not was_up:
            subprocess.run([sys.executable, "-m", "tools.lab", "down"], cwd=ROOT, check=True, timeout=300)


@contextlib.contextmanager
def _its_kubectl() -> Iterator[None]:
    """kubectl alone goes on PATH: the folder that it lies in has an etcd too, which is not the one for servers here."""
    before = os.environ["PATH"]
    with tempfile.TemporaryDirectory(prefix="kubectl-") as folder:
        (Path(folder) / "kubectl").symlink_to(Path(environment()["KUBEBOX_BIN"]) / "kubectl")
        os.environ["PATH"] = f"{folder}{os.pathsep}{before}"
        try:
            yield
        finally:
            os.environ["PATH"] = before


@dataclass(frozen=True)
class Kubectl:
    """kubectl with a kubeconfig and a namespace."""

    kubeconfig: Path
    namespace: str

    def run(self, *words: str, given: str | None = None, limit: float = 60.0) -> str:
        """Standard output; raises AssertionError with what kubectl said."""
        done = self.try_to(*words, given=given, limit=limit)
        assert done.returncode == 0, f"kubectl {' '.join(words)[:200]}: {done.stderr.strip()}"
        return done.stdout

    def try_to(self, *words: str, given: str | None = None, limit: float = 60.0) -> subprocess.CompletedProcess[str]:
        command = ["kubectl", "--kubeconfig", str(self.kubeconfig), "-n", self.namespace, *words]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=limit)

    def python(self, pod: str, container: str, program: str) -> str:
        """Runs a program in a container with the supervisor's package at hand."""
        return self.run("exec", pod, "-c", container, "--", "python3", "-c", program)


@dataclass(frozen=True)
class Lab:
    """The lab that runs in this folder; its nodes are first processes of namespaces on this machine."""

    state: Path

    @staticmethod
    def of(kubeconfig: Path) -> Lab | None:
        """The lab whose kubeconfig this is; None for any other cluster."""
        there = kubeconfig.name == "kubeconfig" and (kubeconfig.parent / "pids" / "control").is_file()
        return Lab(kubeconfig.parent) if there and os.geteuid() == 0 else None

    def init(self, name: str) -> int:
        """The first process of `control` or `node-1`, as this machine counts."""
        return int((self.state / "pids" / name).read_text(encoding="utf-8"))

    def inside(self, name: str, *words: str) -> str:
        """Runs a command in that machine's network and mounts."""
        command = ["nsenter", "-t", str(self.init(name)), "-n", "-m", "-p", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout

    def api_server(self) -> processes.Process:
        below = processes.descendants(processes.table(), self.init("control"))
        return next(one for one in below if _name(one.pid) == "kube-apiserver")

    def signal_api_server(self, number: signal.Signals) -> None:
        processes.send(self.api_server(), number)

    def first_process(self, container: str) -> processes.Process:
        """The first process of a container, by its id."""
        for process in processes.table().values():
            try:
                group = Path(f"/proc/{process.pid}/cgroup").read_text(encoding="utf-8")
                innermost = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            except OSError:
                continue
            numbers = next(line for line in innermost.splitlines() if line.startswith("NSpid:")).split()
            if container in group and numbers[-1] == "1":
                return process
        raise LookupError(f"no process of container {container}")

    def lose_node(self, node: str) -> None:
        """All that runs on it ends at once, kubelet too; what it has on disk stays."""
        os.kill(self.init(node), signal.SIGKILL)

    def bring_back(self, node: str) -> None:
        command = [str(lab() / "kubebox.sh"), "node-start", node.rpartition("-")[2]]
        subprocess.run(command, env=environment(), check=True, capture_output=True, timeout=120)

    def name_again(self, image: str, name: str) -> None:
        """Another name of an image, on each node: for the templates of pods it is another image."""
        for node in sorted(file.name for file in (self.state / "pids").glob("node-?")):
            words = ("ctr", node.removeprefix("node-"), "images", "tag", "--force", image, name)
            command = [str(lab() / "kubebox.sh"), *words]
            subprocess.run(command, env=environment(), check=True, capture_output=True, timeout=60)

    def forget_connections(self, node: str, address: str) -> None:
        """A policy of the lab stops new connections only; so those that are there are forgotten."""
        for direction in ("-s", "-d"):
            self.inside(node, "conntrack", "-D", direction, address)


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return Path(words[0].decode()).name
    except OSError:
        return ""
