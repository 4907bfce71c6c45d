"""Runs small Pulumi programs through the real engine, with the real Kubernetes provider plugin or the stand-in."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation

from tests.plugins import folder
from tools.setup.pulumi import ensure_pulumi, search_path

CHECKOUT = Path(__file__).parents[3]


def plugin_folders(pulumi: str) -> list[str]:
    """What goes on PATH for the Kubernetes provider: nothing where the real plugin is installed, else the stand-in."""
    asked = subprocess.run([pulumi, "plugin", "ls", "--json"], capture_output=True, text=True, check=True, timeout=60)
    real = any(each["name"] == "kubernetes" for each in json.loads(asked.stdout) if each["kind"] == "resource")
    return [] if real else [str(folder("kubernetes"))]


def environment(home: Path, kubeconfig: Path) -> dict[str, str]:
    """A file backend and a passphrase of its own; the CLI, the launcher and the provider on PATH."""
    found = ensure_pulumi()
    folders = [
        *plugin_folders(str(found / "pulumi")),
        str(CHECKOUT / ".venv/bin"),
        *search_path(found),
        os.environ["PATH"],
    ]
    for name in ("work", "backend"):
        (home / name).mkdir(exist_ok=True)
    return {
        "PATH": os.pathsep.join(folders),
        "PYTHONPATH": str(CHECKOUT),
        "PULUMI_BACKEND_URL": (home / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "only for this test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "KUBECONFIG": str(kubeconfig),
    }


@dataclass
class Program:
    """One stack whose program may be exchanged between runs. `said` is all that the engine ever printed."""

    home: Path
    environment: Mapping[str, str]
    run: Callable[[], None]
    said: list[str] = field(default_factory=list)

    def stack(self) -> automation.Stack:
        options = automation.LocalWorkspaceOptions(work_dir=str(self.home / "work"), env_vars=dict(self.environment))
        return automation.create_or_select_stack(
            "test", project_name="stand-in", program=lambda: self.run(), opts=options
        )

    def up(self) -> automation.UpResult:
        found: automation.UpResult = self._do("up")
        return found

    def preview(self) -> automation.PreviewResult:
        found: automation.PreviewResult = self._do("preview")
        return found

    def refresh(self) -> automation.RefreshResult:
        found: automation.RefreshResult = self._do("refresh")
        return found

    def destroy(self) -> automation.DestroyResult:
        found: automation.DestroyResult = self._do("destroy")
        return found

    def state(self) -> str:
        """The state as it lies on disk."""
        return "".join(file.read_text() for file in (self.home / "backend").rglob("*.json"))

    def _do(self, verb: str, **options: Any) -> Any:
        lines: list[str] = []
        try:
            return getattr(self.stack(), verb)(on_output=lines.append, color="never", **options)
        finally:
            self.said += lines

    @property
    def output(self) -> str:
        return "\n".join(self.said)
