"""A project's folder and one of its stacks: where Pulumi keeps their state, and with which passphrase."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tools.driver.refusal import Refusal
from tools.setup.stamps import write

BACKEND, PASSPHRASE, PASSPHRASE_FILE = "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"


@dataclass(frozen=True)
class Project:
    """`root` holds Pulumi.yaml; `stack` is the short name. Everything of ours lies in `root/.pulumi`, mode 0700."""

    root: Path
    stack: str

    @property
    def work(self) -> Path:
        return self.root / ".pulumi"

    @property
    def state(self) -> Path:
        """Folder of the file backend."""
        return self.work / "state"

    @property
    def passphrase_file(self) -> Path:
        return self.work / "passphrase"

    @property
    def stack_file(self) -> Path:
        """What people write and git tracks."""
        return self.root / f"Pulumi.{self.stack}.yaml"

    @property
    def engine_stack_file(self) -> Path:
        """Our copy of it, to which the engine adds the salt, so that the checkout stays as it was."""
        return self.work / "stacks" / f"Pulumi.{self.stack}.yaml"

    @cached_property
    def name(self) -> str:
        """The name in Pulumi.yaml."""
        return str(yaml.safe_load((self.root / "Pulumi.yaml").read_text(encoding="utf-8"))["name"])

    @property
    def checkpoint(self) -> Path:
        """The stack's state, when the backend is ours."""
        return self.state / ".pulumi" / "stacks" / self.name / f"{self.stack}.json"

    @property
    def locks(self) -> Path:
        return self.state / ".pulumi" / "locks" / "organization" / self.name / self.stack

    def _states(self) -> dict[str, Path]:
        return {file.stem: file for file in (self.state / ".pulumi" / "stacks").glob("*/*.json")}

    @property
    def others(self) -> list[str]:
        """Stacks of this checkout whose state lies beside ours and still holds something."""
        return sorted(name for name, file in self._states().items() if name != self.stack and _holds_something(file))

    def forget(self) -> list[str]:
        """Removes this stack's state, and with it the passphrase and all else of ours, unless other stacks of the
        checkout have something up that needs them: their names.
        """
        others = self.others
        if not others:
            shutil.rmtree(self.work, ignore_errors=True)
            return []
        self.engine_stack_file.unlink(missing_ok=True)
        below = self.state / ".pulumi"
        for file in below.glob(f"stacks/*/{self.stack}.json*"):
            file.unlink()
        for folder in (*below.glob(f"*/*/{self.stack}"), *below.glob(f"locks/*/*/{self.stack}")):
            shutil.rmtree(folder, ignore_errors=True)
        return others

    @property
    def own_backend(self) -> bool:
        """Is the state kept in the checkout, because nobody named another place?"""
        return not os.environ.get(BACKEND)

    @property
    def own_passphrase(self) -> bool:
        return PASSPHRASE not in os.environ and not os.environ.get(PASSPHRASE_FILE)

    def environment(self) -> Mapping[str, str]:
        """What the CLI needs beyond what the person has set. Call `prepare` first."""
        needed = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
        if self.own_backend:
            needed[BACKEND] = f"file://{self.state}"
        if self.own_passphrase:
            needed[PASSPHRASE_FILE] = str(self.passphrase_file)
        return needed

    def prepare(self) -> None:
        """Make backend and passphrase if they are not there. Raises Refusal when a passphrase was lost."""
        if not self.stack_file.is_file():
            have = ", ".join(sorted(file.name.split(".")[1] for file in self.root.glob("Pulumi.*.yaml")))
            raise Refusal(f"there is no stack {self.stack}: {self.stack_file.name} does not exist; stacks here: {have}")
        self.work.mkdir(mode=0o700, exist_ok=True)
        self.work.chmod(0o700)
        if self.own_backend:
            self.state.mkdir(mode=0o700, exist_ok=True)
        if self.own_passphrase and not self.passphrase_file.exists():
            self._refuse_if_lost()
            write(self.passphrase_file, secrets.token_urlsafe(32) + "\n", mode=0o600)
        write(self.engine_stack_file, self._stack_text(), mode=0o600)

    def _refuse_if_lost(self) -> None:
        if self.own_backend and self._states():
            raise Refusal(
                f"the passphrase of Pulumi's state is gone: put {self.passphrase_file.relative_to(self.root)} back, "
                f"or start anew with `make reset` of each stack ({', '.join(sorted(self._states()))}), which removes "
                "the cluster, its data and the state"
            )

    def _stack_text(self) -> str:
        """The person's stack file, with the salt of the last run unless they have one of their own."""
        text = self.stack_file.read_text(encoding="utf-8")
        keys = ("encryptionsalt", "secretsprovider", "encryptedkey")
        given, kept = _mapping(text), {}
        if self.engine_stack_file.exists():
            before = _mapping(self.engine_stack_file.read_text(encoding="utf-8"))
            kept = {key: before[key] for key in keys if key in before and key not in given}
        return text if not kept else text.rstrip("\n") + "\n" + yaml.safe_dump(kept, width=10_000)


def _holds_something(checkpoint: Path) -> bool:
    """Whether a state has resources besides the stack itself; one that cannot be read counts, too."""
    try:
        deployment = json.loads(checkpoint.read_text(encoding="utf-8"))["checkpoint"]["latest"] or {}
        return len(deployment.get("resources") or ()) > 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return True


def _mapping(text: str) -> dict[str, Any]:
    """The top of a YAML file; {} for what is none, which the settings report with its line."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return content if isinstance(content, dict) else {}
