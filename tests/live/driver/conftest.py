"""A small project of its own, whose resources are files: what the driver does shows in a folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.setup import pulumi
from tools.setup.places import ROOT, VENV

LIMIT = 60.0
PROVIDER = """
import time
from pathlib import Path
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult


class Files(ResourceProvider):
    def create(self, props):
        Path(props["path"] + ".begun").touch()
        time.sleep(float(props.get("wait", 0)))
        if props.get("fail"):
            raise RuntimeError("the disk is full; free some space, then run this again")
        Path(props["path"]).write_text(props["text"])
        return CreateResult(props["path"], dict(props))

    def diff(self, id, old, new):
        differs = old["text"] != new["text"]
        if differs:
            print(f"ALTER FILE {Path(id).name} SET TEXT {new['text']}", flush=True)
        return DiffResult(changes=differs)

    def update(self, id, old, new):
        Path(id).write_text(new["text"])
        return UpdateResult(dict(new))

    def read(self, id, props):
        file = Path(id)
        return ReadResult(id, {**props, "text": file.read_text()}) if file.exists() else ReadResult(None, {})

    def delete(self, id, props):
        Path(id).unlink(missing_ok=True)


class File(Resource):
    def __init__(self, name, **props):
        super().__init__(Files(), name, props)
"""
PROGRAM = """
import json
from pathlib import Path
import pulumi
from provider_of_files import File

spec = json.loads(Path(__file__).with_name("spec.json").read_text())
if "refuse" in spec:
    raise pulumi.RunError(spec["refuse"])
for name, props in spec["files"].items():
    File(name, **props)
pulumi.export("endpoints", {"writer": "localhost:1"})
pulumi.export("urls", pulumi.Output.secret([{"database": "d", "role": "r", "direct": "postgresql://r:hush@h/d"}]))
"""


class Trial:
    """The project, and the driver run on it as make does: as a program of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = root / "files"
        self.started: list[subprocess.Popen[str]] = []

    def ask_for(self, *names: str, **props: Any) -> None:
        files = {name: {"path": str(self.files / name), "text": "first", **props} for name in names}
        self.write({"files": files})

    def write(self, spec: dict[str, Any]) -> None:
        (self.root / "spec.json").write_text(json.dumps(spec), encoding="utf-8")

    def begin(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Started, in a session of its own, so that whatever it leaves can be ended."""
        program = pulumi.usable()
        assert program is not None, "the set-up brings the Pulumi CLI"
        path = [str(VENV / "bin"), *pulumi.search_path(program.parent), os.environ["PATH"]]
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.driver", *arguments, "--project", str(self.root)],
            cwd=ROOT,
            env=clean | {"PATH": os.pathsep.join(path), "PYTHONPATH": f"{ROOT}:{self.root}"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def drive(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run to its end."""
        process = self.begin(*arguments, **environment)
        output, errors = process.communicate(timeout=LIMIT)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def until(self, what: str, ready: Callable[[], bool]) -> None:
        last = time.monotonic() + LIMIT
        while not ready():
            assert time.monotonic() < last, f"waited {LIMIT:.0f} s for: {what}"
            time.sleep(0.05)

    def engines(self) -> list[int]:
        """Pulumi processes that work on this project, by their working directory."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "cwd").readlink() == self.root:
                    name = (entry / "comm").read_text().strip()
                    state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                    found += [int(entry.name)] if name == "pulumi" and state != "Z" else []
            except OSError:
                continue
        return found

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for pid in self.engines():
            os.kill(pid, signal.SIGKILL)
        self.until("the engines' end", lambda: not self.engines())


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    made = Trial(tmp_path / "project")
    made.files.mkdir(parents=True)
    (made.root / "Pulumi.yaml").write_text("name: trial\nruntime: python\noptions:\n  refresh: always\n")
    (made.root / "Pulumi.local.yaml").write_text("# a person's comment\nconfig: {}\n")
    (made.root / "provider_of_files.py").write_text(PROVIDER)
    (made.root / "__main__.py").write_text(PROGRAM)
    made.ask_for("one", "two")
    try:
        yield made
    finally:
        made.end()
