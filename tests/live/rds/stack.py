"""A stack of the RDS platform in an emulated cloud: Pulumi's own engine, the stand-in provider, moto."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
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
from tests.live.rds.emulated import Program, environment, workspace

REGION, ACCOUNT = "eu-central-1", "123456789012"
QUIET = ("same", "read", "refresh")
Step = tuple[str, tuple[str, ...]]  # the operation, and the properties that differ


@dataclass
class Run:
    """What one operation did: `steps` has what was touched, such as `rds/instance:main-primary`."""

    changes: Mapping[str, int]
    steps: dict[str, Step] = field(default_factory=dict)
    said: str = ""

    @property
    def touched(self) -> set[str]:
        return set(self.steps)


class Cloud:
    """One stack and the cloud that it is in."""

    def __init__(self, home: Path, address: str) -> None:
        self.home, self.address = home, address
        self.environment = environment(home, address)

    def client(self, service: str, region: str = REGION) -> Any:
        """boto3, for what somebody does behind the stack's back."""
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name=region, endpoint_url=self.address, **keys)

    def settings(self, rds: Mapping[str, Any], **others: Any) -> Settings:
        return load({"platform": "rds", "name": "main", "access": [], "rds": {"region": REGION, **rds}, **others})

    def stack(self, program: Program) -> automation.Stack:
        return workspace(self.home, self.environment, program)

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


def _note(steps: dict[str, Step], event: EngineEvent) -> None:
    found = event.resource_pre_event or event.res_outputs_event
    if found is None:
        return
    data = found.metadata
    operation = str(getattr(data.op, "value", data.op))
    if operation in QUIET:
        return
    name, kind = data.urn.rpartition("::")[2], data.type.removeprefix("aws:").rpartition(":")[0] or data.type
    differs = frozenset(path.partition(".")[0].partition("[")[0] for path in (data.detailed_diff or {}))
    steps[f"{kind}:{name}"] = (operation, tuple(sorted(differs | frozenset(data.diffs or ()))))


def platform(settings: Settings) -> Program:
    """The program of a stack: the platform alone; the access layer has no database to reach in an emulated cloud."""

    def program() -> None:
        made = RdsCluster(settings.name, settings)
        pulumi.export("writer", made.server.apply(lambda server: server.to_dict()["writer"]))
        pulumi.export("pooled", made.server.apply(lambda server: server.to_dict()["pooled"]))
        pulumi.export("waiting", made.waiting)
        pulumi.export("secret", made.secret)

    return program
