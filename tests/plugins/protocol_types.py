"""What a stand-in provider is given and what it answers, in plain Python; it never sees gRPC."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.plugins.protocol_values import UNKNOWN, Path, Props, leaves, written

Kind = Literal["add", "delete", "update"]


class Failed(Exception):  # noqa: N818  # reads as a sentence where it is raised
    """The call failed and nothing was made or changed. Its text is all that the person sees."""


class InitFailed(Failed):
    """The resource is there, but something about it is not as it should be (it never got ready).

    The engine keeps it in the state and tries an update at the next run.
    """

    def __init__(self, id_: str, outputs: Props, reasons: Iterable[str], inputs: Props | None = None) -> None:
        self.id, self.outputs, self.reasons, self.inputs = id_, outputs, list(reasons), inputs or {}
        super().__init__("; ".join(self.reasons))


@dataclass(frozen=True)
class Call:
    """One call of the engine. `preview` must change nothing. `timeout` (seconds) is 0 where the program sets none."""

    urn: str
    type: str
    name: str
    preview: bool = False
    timeout: float = 0.0
    cancelled: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[str, bool], None] = lambda _text, _passing: None

    def progress(self, text: str) -> None:
        """A line of status beside the resource; gone at its end."""
        self.tell(text, True)

    def note(self, text: str) -> None:
        """A line that stays in the output."""
        self.tell(text, False)


@dataclass(frozen=True)
class Checked:
    """Inputs with defaults filled in, or failures: (property, reason)."""

    inputs: Props
    failures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Difference:
    """`changed` says how each path changes; `replaced` are those of them that need a new resource."""

    changed: Mapping[str, Kind] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()
    delete_first: bool = False


@dataclass(frozen=True)
class Made:
    """`id` and outputs of what was made. In a preview outputs may hold UNKNOWN."""

    id: str
    outputs: Props


@dataclass(frozen=True)
class Found:
    """What is really there: `inputs` as they would have to be written to have made it, and its outputs."""

    id: str
    inputs: Props
    outputs: Props


class Provider:
    """What a stand-in implements. All values are plain Python, with UNKNOWN where a preview knows none.

    Secrets need no care: whatever was secret in a resource's inputs or state comes out secret again at the same place;
    `secret_outputs` names more.
    """

    name = ""
    version = "0.0.0"

    def secret_outputs(self, _type: str) -> Iterable[Path]:
        """Paths that are secret whatever the program says."""
        return ()

    def check_config(self, config: Props) -> Checked:
        """The provider's own configuration, before it is used."""
        return Checked(config)

    def diff_config(self, olds: Props, news: Props) -> Difference:
        """What a change of the configuration means; a `replaced` path replaces every resource of this provider."""
        return compare(olds, news)

    def configure(self, config: Props) -> None:
        """Called once before any resource. Must not fail because nothing can be reached: a preview may go on."""

    def check(self, _call: Call, _olds: Props, news: Props) -> Checked:
        """Fill in defaults; `_olds` are the inputs of the last run, empty for a new resource."""
        return Checked(news)

    def diff(self, _call: Call, _id: str, old_inputs: Props, _olds: Props, news: Props) -> Difference:
        """How `news` differ from what was last asked for; `_olds` is the whole state."""
        return compare(old_inputs, news)

    def create(self, call: Call, inputs: Props) -> Made:
        raise NotImplementedError

    def read(self, call: Call, id_: str, inputs: Props, olds: Props) -> Found | None:
        """What is there now; None when it is gone."""
        raise NotImplementedError

    def update(self, call: Call, id_: str, old_inputs: Props, olds: Props, news: Props) -> Props:
        raise NotImplementedError

    def delete(self, call: Call, id_: str, old_inputs: Props, olds: Props) -> None:
        """Gone already is no failure."""
        raise NotImplementedError

    def invoke(self, _call: Call, token: str, _arguments: Props) -> Props:
        raise Failed(f"this stand-in has no function {token}")


def compare(old: Props, new: Props, replacing: Callable[[Path], bool] = lambda _: False) -> Difference:
    """Every leaf that differs. An UNKNOWN differs from everything: the preview has to say that it may change.

    An UNKNOWN at a `replacing` path is shown as a replacement, as a cautious provider does.
    """
    before, after = dict(leaves(old)), dict(leaves(new))
    changed: dict[Path, Kind] = {}
    for path in before.keys() | after.keys():
        if path not in after:
            changed[path] = "delete"
        elif path not in before:
            changed[path] = "add"
        elif after[path] is UNKNOWN or before[path] != after[path]:
            changed[path] = "update"
    changed.pop((), None)
    return Difference(
        {written(path): kind for path, kind in sorted(changed.items(), key=lambda item: written(item[0]))},
        frozenset(written(path) for path in changed if replacing(path)),
    )
