"""The cluster of these tests: what KUBECONFIG names, else the lab; without either they are skipped."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.kubernetes.lab import NoClusterError, kubernetes


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="operations on a whole stack too: half an hour")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long", default=False):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="long: make test-kubernetes runs it"))


@pytest.fixture(scope="session")
def kubeconfig() -> Iterator[Path]:
    """Of the cluster that is there; a lab that these tests start is stopped by them."""
    with contextlib.ExitStack() as stack:
        try:
            found = stack.enter_context(kubernetes())
        except NoClusterError as error:
            pytest.skip(f"no Kubernetes: {error}")
        yield found


@pytest.fixture
def namespace(kubeconfig: Path) -> Iterator[str]:
    """A name of this test's own; a namespace of that name is gone afterwards."""
    name = f"test-{secrets.token_hex(4)}"
    yield name
    command = ["kubectl", "--kubeconfig", str(kubeconfig), "delete", "namespace", name, "--ignore-not-found"]
    subprocess.run(command, check=True, timeout=180, capture_output=True)
