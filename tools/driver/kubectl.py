"""kubectl with a stack's kubeconfig, context and namespace, as the person who runs make."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.contract import Route
from components.reach.command import complaint, kubectl
from tools.driver.refusal import Refusal

ANSWER_S = 30.0


class SilentError(Exception):
    """kubectl did not do it; the text is what it said, and all that it said is `lines`."""

    def __init__(self, text: str, lines: list[str] | None = None) -> None:
        super().__init__(text)
        self.lines = lines or []

    @property
    def absent(self) -> bool:
        """Whether there is no such object."""
        return "(NotFound)" in str(self)


Runs = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Kubectl:
    """One namespace. `runs` is how a command is run."""

    route: Route
    runs: Runs = subprocess.run

    @property
    def shown(self) -> str:
        """How a person begins the same command."""
        return " ".join(kubectl(self.route))

    def run(self, *words: str, given: str = "", limit: float = ANSWER_S) -> str:
        """What it prints, `given` on its standard input. Raises SilentError; Refusal where there is no kubectl."""
        try:
            done = self.runs(
                [*kubectl(self.route), *words], input=given, capture_output=True, text=True, timeout=limit, check=False,
                errors="replace", process_group=0,
            )  # fmt: skip
        except FileNotFoundError:
            raise Refusal("kubectl is not installed or not on PATH") from None
        except subprocess.TimeoutExpired:
            raise SilentError(f"no answer within {limit:g} s") from None
        if done.returncode != 0:
            lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
            raise SilentError(complaint(done.stderr.splitlines()), lines)
        return done.stdout

    def get(self, *words: str) -> dict[str, Any]:
        """An object, or a list of them as `items`. Raises as `run` does."""
        found: dict[str, Any] = json.loads(self.run("get", *words, "--output=json"))
        return found
