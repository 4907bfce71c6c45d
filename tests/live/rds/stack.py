"""A stack of the RDS platform in an emulated cloud: Pulumi's own engine, the stand-in provider, moto."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pulumi
from pulumi import automation
from pulumi.automation import EngineEvent

from components.rds.cluster import RdsCluster
from components.settings.load import load
from components.settings.model import Settings
from tests import plugins
from tools.setup.pulumi import search_path, usable

PROJECT = Path(__file__).resolve().parents[3]
REGION, ACCOUNT = "eu-central-1", "123456789012"
QUIET = ("same", "read", "refresh")
Program = Callable[[], None]


@dataclass
class Run:
    """What one operation did: `steps` maps a resource's logical name and type to its operation and what differs."""

    changes: Mapping[str, int]
    steps: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    said: str = ""

    def of(self, name: str, kind: str) -> tuple[str, frozenset[str]]:
        """Operation and changed properties of `main-primary`, `rds/instance`; ("same", {}) when nothing happens."""
        return self.steps.get(f"{kind}:{name}", ("same", frozenset()))

    @property
    def touched(self) -> set[str]:
        return set(self.steps)


class Cloud:
    """One stack and the cloud that it is in."""

    def __init__(self, home: Path, address: str) -> None:
        self.home, self.address = home, address
        for name in ("backend", "work"):
            (home / name).mkdir()
        program = usable()
        assert program is not None, "the set-up brings the Pulumi CLI"
        path = [str(PROJECT / ".venv/bin"), *search_path(program.parent), str(plugins.folder("aws"))]
        self.environment = {
            "PATH": os.pathsep.join([*path, os.environ["PATH"]]),
            "PYTHONPATH": str(PROJECT),
            "PULUMI_BACKEND_URL": (home / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "only for this test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "POSTGRES_PLATFORM_TEST_AWS": address,
        }

    def client(self, service: str) -> Any:
        """boto3, for what somebody does behind the stack's back."""
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name=REGION, endpoint_url=self.address, **keys)

    def settings(self, rds: Mapping[str, Any], **others: Any) -> Settings:
        return load({"platform": "rds", "name": "main", "rds": {"region": REGION, **rds}, **others})

    def stack(self, program: Program) -> automation.Stack:
        os.environ.update(self.environment)
        options = automation.LocalWorkspaceOptions(work_dir=str(self.home / "work"), env_vars=self.environment)
        return automation.create_or_select_stack(
            "test", project_name="postgres-platform", program=program, opts=options
        )

    def up(self, settings: Settings) -> Run:
        return self._run(platform(settings), "up")

    def preview(self, settings: Settings) -> Run:
        return self._run(platform(settings), "preview")

    def refresh(self) -> Run:
        return self._run(lambda: None, "refresh")

    def destroy(self) -> Run:
        return self._run(lambda: None, "destroy")

    def outputs(self) -> Mapping[str, Any]:
        return {name: one.value for name, one in self.stack(lambda: None).outputs().items()}

    def _run(self, program: Program, verb: str) -> Run:
        said: list[str] = []
        run = Run({})

        def heard(event: EngineEvent) -> None:
            _note(run.steps, event)

        done = getattr(self.stack(program), verb)(on_output=said.append, on_event=heard)
        changes = done.change_summary if verb == "preview" else (done.summary.resource_changes or {})
        found = {str(getattr(kind, "value", kind)): count for kind, count in changes.items()}
        return dataclasses.replace(run, changes=found, said="\n".join(said))


def _note(steps: dict[str, tuple[str, frozenset[str]]], event: EngineEvent) -> None:
    found = event.resource_pre_event or event.res_outputs_event
    if found is None:
        return
    data = found.metadata
    operation = str(getattr(data.op, "value", data.op))
    if operation in QUIET:
        return
    name, kind = data.urn.rpartition("::")[2], data.type.removeprefix("aws:").rpartition(":")[0] or data.type
    differs = frozenset(path.partition(".")[0].partition("[")[0] for path in (data.detailed_diff or {}))
    steps[f"{kind}:{name}"] = (operation, differs | frozenset(data.diffs or ()))


def platform(settings: Settings) -> Program:
    """The program of a stack: the platform alone; the access layer has no database to reach in an emulated cloud."""

    def program() -> None:
        made = RdsCluster(settings.name, settings)
        pulumi.export("writer", made.server.apply(lambda server: server.to_dict()["writer"]))
        pulumi.export("pooled", made.server.apply(lambda server: server.to_dict()["pooled"]))
        pulumi.export("waiting", made.waiting)
        pulumi.export("secret", made.secret)

    return program
