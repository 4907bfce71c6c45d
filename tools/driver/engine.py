"""Runs one operation of a stack through the Automation API, with the project's own program in this process."""

from __future__ import annotations

import os
import runpy
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pulumi.automation import EngineEvent, LocalWorkspace, Stack
from pulumi.automation.errors import CommandError, ConcurrentUpdateError, StackNotFoundError

from tools.driver import home, leftovers
from tools.driver.cli import Cli
from tools.driver.project import Project
from tools.driver.refusal import STOPPED, Refusal
from tools.driver.screen import Screen
from tools.driver.story import Line, Story

PLUGIN = f"v{version('pulumi-kubernetes')}"
ADVICE = (
    (
        "download and install resource plugin 'pulumi-resource-kubernetes'",
        "Pulumi's Kubernetes provider plugin is not installed and could not be downloaded: "
        f"`pulumi plugin install resource kubernetes {PLUGIN}` gets it (--file takes a downloaded one)",
    ),
    (
        "incorrect passphrase",
        "the passphrase does not fit Pulumi's state: put the right .pulumi/passphrase back (or the variable "
        "PULUMI_CONFIG_PASSPHRASE), or start anew with `make reset`, which removes the cluster, its data and the state",
    ),
    ("no space left on device", "the disk is full: free some space, then run this again; it goes on from here"),
    ("connection refused", "a server does not answer; `make status` says which"),
)


Outputs = Mapping[str, tuple[Any, bool]]  # each output's value and whether it is secret


@dataclass(frozen=True)
class Outcome:
    """`changes` counts operations by name, empty when nothing had to change; `outputs` only after `up`."""

    changes: Mapping[str, int]
    seconds: float
    outputs: Outputs = field(default_factory=dict, repr=False)


class Engine:
    """One stack's operations. Raises Refusal with one sentence when an operation fails."""

    def __init__(self, project: Project, screen: Screen, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is for the providers, beside the project's own."""
        self._project, self._screen, self._cli = project, screen, Cli()
        self._environment = environment or {}

    def up(self) -> Outcome:
        """Make the real servers what the settings say."""
        return self._operate("up", show_secrets=False)

    def preview(self) -> Outcome:
        """Say what `up` would do."""
        return self._operate("preview")

    def refresh(self) -> Outcome:
        """Read the real servers into the state; the changes are drift."""
        return self._operate("refresh", show_secrets=False)

    def destroy(self) -> Outcome:
        """Remove everything. What is there is not read first: half-dead servers must not stop it."""
        return self._operate("destroy", show_secrets=False, refresh=None)

    def select(self) -> None:
        """Make the stack if need be, and let the CLI act on it: settings may come before the first `up`."""
        self._ready()
        self._stack()

    def outputs(self) -> Outputs:
        """Each output with whether it is secret. In clear: for the standard output of who asked, never for a log."""
        self._ready()
        try:
            found = self._workspace().stack_outputs(self._project.stack)
        except StackNotFoundError:
            raise Refusal(f"stack {self._project.stack} is not up; bring it up with `make up`") from None
        except CommandError as error:
            raise Refusal(explained(str(error)) or last_line(error)) from None
        return plain(found)

    def _operate(self, verb: str, **options: Any) -> Outcome:
        self._ready()
        story, begin = Story(verb), time.monotonic()
        log = self._project.work / "last-run.log"
        log.unlink(missing_ok=True)
        log.touch(mode=0o600)
        with self._cli.interruptible(self._tell_stopping), log.open("w", encoding="utf-8") as record:
            stack = self._stack()

            def heard(event: EngineEvent) -> None:
                lines = story.hear(event, time.monotonic())
                record.writelines(f"{line.text}\n" for line in lines)
                self._screen.show(*lines)

            with self._screen.following(story):
                result = self._attempt(lambda: self._run(stack, verb, heard, options), story)
        if self._cli.interrupted:
            raise Refusal("stopped on request; the next `make up` finishes the job", STOPPED)
        return Outcome(story.changes, time.monotonic() - begin, plain(getattr(result, "outputs", {})))

    def _run(self, stack: Stack, verb: str, heard: Callable[[EngineEvent], None], options: dict[str, Any]) -> Any:
        chosen = {name: value for name, value in options.items() if value is not None}
        file = str(self._project.engine_stack_file)
        return getattr(stack, verb)(on_event=heard, config_file=file, color="never", suppress_outputs=True, **chosen)

    def _attempt(self, operation: Callable[[], Any], story: Story) -> Any:
        try:
            return operation()
        except ConcurrentUpdateError:
            raise Refusal(leftovers.busy(self._project)) from None
        except CommandError as error:
            if self._cli.interrupted:
                return None
            told = [explained(text) or text for text in story.errors] or [explained(str(error)) or last_line(error)]
            self._screen.show(*(Line("failed", text) for text in told[:-1]))
            raise Refusal(told[-1]) from None

    def _tell_stopping(self, times: int) -> None:
        again = "again to stop at once" if times == 1 else "now; what was begun is looked at by the next run"
        self._screen.show(Line("note", f"stopping after the steps that have begun; {again}" if times == 1 else again))

    def _ready(self) -> None:
        self._project.prepare()
        for note in leftovers.clean(self._project):
            self._screen.show(Line("note", note))

    def _workspace(self) -> LocalWorkspace:
        return LocalWorkspace(
            work_dir=str(self._project.root),
            program=lambda: run_program(self._project.root),
            env_vars={**self._variables(), **self._environment},
            pulumi_command=self._cli,
        )

    def _variables(self) -> dict[str, str]:
        return {**self._project.environment(), **home.environment(self._project.work)}

    def _stack(self) -> Stack:
        """Selected; made if need be, from a folder of ours, because that writes a stack file beside Pulumi.yaml."""
        workspace = self._workspace()
        try:
            return Stack.select(self._project.stack, workspace)
        except StackNotFoundError:
            self._make()
            return Stack.select(self._project.stack, workspace)
        except CommandError as error:
            raise Refusal(explained(str(error)) or last_line(error)) from None

    def _make(self) -> None:
        folder = self._project.engine_stack_file.parent
        (folder / "Pulumi.yaml").write_text(f"name: {self._project.name}\nruntime: python\n", encoding="utf-8")
        try:
            argv = ["stack", "init", self._project.stack, "--no-select"]
            self._cli.run(argv, str(folder), self._variables())
        except CommandError as error:
            raise Refusal(explained(str(error)) or last_line(error)) from None


def run_program(root: Path) -> None:
    """What the CLI's language host does: run the project's __main__.py with the project importable."""
    os.chdir(root)
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    runpy.run_path(str(root / "__main__.py"), run_name="__main__")


def plain(outputs: Mapping[str, Any]) -> Outputs:
    """The Automation API's outputs as pairs."""
    return {name: (output.value, output.secret) for name, output in outputs.items()}


def explained(text: str) -> str | None:
    """Our own words for failures that people meet."""
    return next((advice for sign, advice in ADVICE if sign in text.lower()), None)


def last_line(error: CommandError) -> str:
    """The engine's own last word, for failures that no event told of."""
    text = str(error)
    marked = [line.partition("error: ")[2] for line in text.splitlines() if "error: " in line]
    return f"Pulumi failed: {marked[-1] if marked else text.strip().splitlines()[-1]}"
