"""The cluster of these tests: what KUBECONFIG names, else the lab; without either they are skipped."""

from __future__ import annotations

import fcntl
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.lab.places import environment, lab, state
from tools.setup.progress import SetupError

WITHOUT = "no Kubernetes: set KUBECONFIG to a cluster's, or POSTGRES_PLATFORM_LAB to the folder of the lab"
START_S = 1800


@pytest.fixture(scope="session")
def kubeconfig() -> Iterator[Path]:
    """Of the cluster that is there; a lab that these tests start is stopped by them."""
    given = os.environ.get("KUBECONFIG")
    if given:
        yield Path(given).expanduser()
        return
    try:
        lab()
    except SetupError:
        pytest.skip(WITHOUT)
    if os.geteuid() != 0:
        pytest.skip(f"{WITHOUT}; the lab needs root")
    with _one_at_a_time(), _running() as found:
        yield found


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two labs on one machine would take each other's addresses."""
    state().parent.mkdir(parents=True, exist_ok=True)
    with (state().parent / "lab.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _running() -> Iterator[Path]:
    found, was_up = state() / "kubeconfig", (state() / "pids" / "control").exists()
    try:
        subprocess.run([sys.executable, "-m", "tools.lab", "up"], check=True, timeout=START_S)
        os.environ["PATH"] = f"{environment()['KUBEBOX_BIN']}{os.pathsep}{os.environ['PATH']}"  # its kubectl
        yield found
    finally:
        if not was_up:
            subprocess.run([sys.executable, "-m", "tools.lab", "down"], check=True, timeout=120)


@pytest.fixture
def namespace(kubeconfig: Path) -> Iterator[str]:
    """A name of this test's own; a namespace of that name is gone afterwards."""
    name = f"test-{secrets.token_hex(4)}"
    yield name
    command = ["kubectl", "--kubeconfig", str(kubeconfig), "delete", "namespace", name, "--ignore-not-found"]
    subprocess.run(command, check=True, timeout=180, capture_output=True)
