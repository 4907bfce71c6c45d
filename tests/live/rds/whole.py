"""The whole program on an RDS that answers: the engine, an emulated cloud, and a real PostgreSQL behind its names."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pulumi import automation

from components.access.session import Target
from tests.live.access.scratch import port
from tests.live.rds.emulated import PROJECT, workspace
from tests.live.rds.server import major
from tests.live.rds.stack import ACCOUNT, REGION, Cloud
from tests.plugins.aws.answered import HOST, VARIABLE

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/pgbouncer@sha256:{'1a2b3c4d' * 8}"
SYSTEM = "faevision"


class Whole(Cloud):
    """A stack of the product's own program. `server` is the folder of the PostgreSQL that answers."""

    def __init__(
        self, home: Path, address: str, server: Path, pooler_port: int, rds: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(home, address)
        self.server, self.pooler_port, self.rds = server, pooler_port, dict(rds or {})
        # As anybody's AWS SDK finds its credentials, but that the address is the emulator's.
        self.environment |= {
            VARIABLE: self._superuser(),
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        self.shown: list[str] = []

    def _superuser(self) -> str:
        return f"host={self.server} port={port(self.server)} user=postgres dbname=postgres"

    def superuser(self) -> Target:
        """The test's own way in, beside the program's."""
        return Target.at(self._superuser())

    def configured(self, rds: Mapping[str, Any] | None = None, **others: Any) -> dict[str, Any]:
        """What the stack's file would say."""
        own = {
            "account": ACCOUNT,
            "environment": "throwaway",
            "protection": False,
            "final_snapshot": False,
            "port": port(self.server),
            "ca_bundle": f"{self.server}/pki/ca.crt",
            "pooler": {"image": IMAGE, "port": self.pooler_port},
            "monitoring": {"insights": "off"},
            **self.rds,
            **(rds or {}),
        }
        return {"platform": "rds", "major": major(), "access": [f"sql/{SYSTEM}/access.yaml"], "rds": own, **others}

    def run(self, verb: str, rds: Mapping[str, Any] | None = None, **others: Any) -> tuple[dict[str, int], str]:
        """How many resources were made, changed and so on, and what was shown."""
        stack = workspace(self.home, self.environment, _program)
        texts = {f"postgres-platform:{name}": _text(value) for name, value in self.configured(rds, **others).items()}
        values = {name: automation.ConfigValue(text) for name, text in texts.items()}
        stack.set_all_config({"aws:region": automation.ConfigValue(REGION), **values})
        said: list[str] = []
        try:
            done = getattr(stack, verb)(on_output=said.append)
        finally:
            self.shown += said
        changes = done.change_summary if verb == "preview" else (done.summary.resource_changes or {})
        return {str(getattr(kind, "value", kind)): count for kind, count in changes.items()}, "\n".join(said)

    def states(self) -> list[str]:
        """Whatever the backend keeps of the stack."""
        return [file.read_text(errors="replace") for file in (self.home / "backend").rglob("*") if file.is_file()]

    def urls(self, pooler_ca: Path | None = None) -> list[dict[str, str]]:
        """As the stack prints them, but that authorities lie where this test has them."""
        found: list[dict[str, str]] = self.outputs()["urls"]
        return [{name: self.placed(text, pooler_ca) for name, text in one.items()} for one in found]

    def placed(self, text: str, pooler_ca: Path | None = None) -> str:
        """A URL with the files of this test; what is no URL stays as it is."""
        here = {"rds-bundle.pem": f"{self.server}/pki/ca.crt", "pooler-ca.pem": str(pooler_ca or "")}
        for name, file in here.items():
            text = text.replace(f"/etc/postgres-platform/{name}", quote(file, safe="/"))
        assert "://" not in text or urlsplit(text).hostname == HOST
        return text


def _program() -> None:
    runpy.run_path(str(PROJECT / "__main__.py"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
