"""How the tests speak with the stack local17."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from tests.project_copy import ROOT, make

STACK = "local17"
SYSTEMS = ("faevision", "devmentor", "pretamane", "aves", "nexpo", "corporate_intel")


@dataclass(frozen=True)
class Stack:
    """`project` is the copy of the project, `told` what the first `make up` printed."""

    project: Path
    told: str

    @property
    def folder(self) -> Path:
        return self.project / ".local17"

    def known(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "cluster.json").read_text())
        return found

    def run(self, verb: str) -> str:
        """What a make target printed, which must not fail."""
        done = make(self.project, verb, stack=STACK)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, verb: str, arguments: str = "") -> Any:
        """What a make target printed for programs."""
        done = make(self.project, verb, arguments=arguments, stack=STACK)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def refused(self, verb: str) -> str:
        """What a make target printed, which must fail without a traceback."""
        done = make(self.project, verb, stack=STACK)
        told = done.stdout + done.stderr
        assert done.returncode != 0 and "Traceback" not in told, told
        return told

    def administrator(self, database: str = "postgres", port: int | None = None) -> str:
        """By certificate, on the writer's port when none is named."""
        known = self.known()
        return make_conninfo(
            host="localhost", port=port or known["gateway"]["writer"], dbname=database, user="postgres",
            sslmode="verify-full", sslrootcert=known["ca"], sslcert=known["admin_certificate"],
            sslkey=known["admin_key"], connect_timeout=10,
        )  # fmt: skip

    def ask(self, statement: str, database: str = "postgres", port: int | None = None) -> list[tuple[Any, ...]]:
        """Rows; an empty list for a statement that has none."""
        with psycopg.connect(self.administrator(database, port), autocommit=True) as session:
            done = session.execute(statement.encode())
            return done.fetchall() if done.description else []

    def verify(self, system: str) -> list[dict[str, Any]]:
        """The outcome of each of the spec's own tests."""
        command = [sys.executable, "-m", "components.access", "verify", f"sql/{system}/access.yaml", "--json"]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | {"ACCESS_URL": self.administrator()},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)["outcomes"]
        return found

    def leader(self) -> tuple[str, dict[str, Any]]:
        """The primary's name and what is known of it."""
        for name, member in self.known()["members"].items():
            if self.ask("SELECT pg_is_in_recovery()", port=member["port"]) == [(False,)]:
                return name, member
        raise AssertionError("there is no primary")


def postmaster(member: dict[str, Any]) -> int:
    """Its pid."""
    return int((Path(member["data_dir"]) / "postmaster.pid").read_text().splitlines()[0])


def loaded(pid: int) -> set[str]:
    """The programs and libraries that a process has in its memory."""
    text = Path(f"/proc/{pid}/maps").read_text()
    return set(re.findall(r" r-xp .* (/\S+)$", text, re.M))
