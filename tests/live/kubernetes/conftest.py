"""The cluster of these tests: what KUBECONFIG names, else the lab; without either they are skipped."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

WITHOUT = "no Kubernetes: set KUBECONFIG, or POSTGRES_PLATFORM_LAB to the lab's folder"


@pytest.fixture(scope="session")
def kubeconfig() -> Path:
    given = os.environ.get("KUBECONFIG")
    if not given:
        pytest.skip(WITHOUT)
    return Path(given)


@pytest.fixture
def namespace(kubeconfig: Path) -> Iterator[str]:
    """A name of this test's own; a namespace of that name is gone afterwards."""
    name = f"test-{secrets.token_hex(4)}"
    yield name
    command = ["kubectl", "--kubeconfig", str(kubeconfig), "delete", "namespace", name, "--ignore-not-found"]
    subprocess.run(command, check=True, timeout=180, capture_output=True)
