"""Patroni's program, for the tests that ask it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PATRONI = ["patroni[etcd3,psycopg3]==4.1.5", "psycopg[binary]==3.3.9"]


@pytest.fixture(scope="session")
def patroni(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one that the platform made on this machine, else one in a fresh environment."""
    for place in (Path("/var/lib/postgres-platform"), Path.home() / ".cache" / "postgres-platform"):
        for found in sorted(place.glob("patroni-4.1.5-*/bin/patroni")):
            return found
    home = tmp_path_factory.mktemp("patroni")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=120)
    subprocess.run([str(home / "bin" / "pip"), "install", "-q", *PATRONI], check=True, timeout=300)
    return home / "bin" / "patroni"
