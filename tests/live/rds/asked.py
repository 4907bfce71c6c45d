"""A stack on RDS whose status is asked, by the command as people call it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.rds.stack import ACCOUNT, REGION, Cloud
from tools.driver.__main__ import main

TASKS, FAR = 3, "eu-west-1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/pgbouncer@sha256:{'1a2b3c4d' * 8}"
PROD: Mapping[str, Any] = {
    "account": ACCOUNT,
    "pooler": {"image": IMAGE, "tasks": TASKS},
    "replicas": [{"name": "near"}, {"name": "far", "region": FAR}],
}
AURORA: Mapping[str, Any] = {
    "account": ACCOUNT,
    "topology": "aurora",
    "instance_class": "db.r7g.large",
    "pooler": {"kind": "none"},
    "replicas": [{"name": "reader"}],
}
PROXIED: Mapping[str, Any] = {
    "account": ACCOUNT,
    "pooler": {"kind": "rds_proxy"},
    "iam": {"enabled": False},  # moto 5.2.5 knows no proxy that asks for tokens
}


class Stack(Cloud):
    """A stack with a file of its own, as the command reads it."""

    def __init__(self, home: Path, address: str, rds: Mapping[str, Any]) -> None:
        super().__init__(home, address)
        self.rds = dict(rds)
        self.write(rds)

    def write(self, rds: Mapping[str, Any]) -> None:
        own = {"platform": "rds", "name": "main", "access": [], "replicas": 0, "rds": {"region": REGION, **rds}}
        content = {"config": {f"postgres-platform:{name}": value for name, value in own.items()}}
        (self.home / "Pulumi.prod.yaml").write_text(yaml.safe_dump(content))

    def bring_up(self) -> None:
        self.up(self.settings(self.rds, replicas=0))


def command(stack: Stack, *words: str) -> int:
    return main(["status", "--stack", "prod", "--project", str(stack.home), *words])


def asked(stack: Stack, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    """Exit code and what a program reads."""
    code = command(stack, "--json")
    return code, json.loads(capsys.readouterr().out)


def faults(stack: Stack, capsys: pytest.CaptureFixture[str]) -> Sequence[str]:
    code, found = asked(stack, capsys)
    assert code == (1 if found["faults"] else 0)
    told: list[str] = found["faults"]
    return told


def refusal(stack: Stack, capsys: pytest.CaptureFixture[str]) -> str:
    """One sentence, nothing on standard output."""
    assert command(stack) == 1
    said = capsys.readouterr()
    assert said.out == ""
    return " ".join(said.err.split())
