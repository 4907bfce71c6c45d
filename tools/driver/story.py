"""What the engine's events mean to a person: pure, events in, lines out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.automation import EngineEvent, OpType

MARKUP = re.compile(r"<\{%.*?%\}>")
QUIET = {"same", "refresh", "read", "discard", "remove-pending-replace"}
DOING = {
    "create": ("+", "creating", "created", "will be created"),
    "update": ("~", "updating", "updated", "will be updated"),
    "delete": ("-", "removing", "removed", "will be removed"),
    "replace": ("±", "replacing", "replaced", "will be replaced"),
    "create-replacement": ("+", "creating anew", "created anew", "will be created anew"),
    "delete-replaced": ("-", "removing the old one", "old one removed", "old one will be removed"),
    "import": ("=", "importing", "imported", "will be imported"),
}
DRIFTED = "drift: "  # how a provider's line begins that tells a difference nobody asked for
DRIFT = {"update": ("~", "differs from what was last applied"), "delete": ("-", "is gone")}
# What the engine says that helps nobody, or says twice.
NOISE = re.compile(r"^(using pulumi-resource-\S+ from \$PATH|(update|preview|refresh|destroy) failed$)")
PREFIX = re.compile(r"^(Exception calling application: |an unhandled error occurred: |error: )+")
# The engine's own tree nodes: the stack itself, and providers.
INNER = ("pulumi:pulumi:Stack", "pulumi:providers:")
LINES_OF_TRACEBACK = re.compile(r"^(Traceback \(most recent call last\)|\s+File \"|\s{4,})")


@dataclass(frozen=True)
class Line:
    """One line for the person: `kind` decides its colour (done, failed, note, statement)."""

    kind: str
    text: str


@dataclass
class Story:
    """Hears every event of one run. `running` maps a resource to what is being done and since when."""

    verb: str  # up, preview, refresh or destroy
    running: dict[str, tuple[str, float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    looking: bool = True  # at the real servers, before the program runs
    drifted: set[str] = field(default_factory=set)  # told already: a refresh looks twice at what differs

    def hear(self, event: EngineEvent, now: float) -> list[Line]:
        """The lines that this event is worth."""
        if event.resource_pre_event:
            return list(self._begins(event.resource_pre_event.metadata, now))
        if event.res_outputs_event:
            return list(self._ends(event.res_outputs_event.metadata, now))
        if event.res_op_failed_event:
            return list(self._fails(event.res_op_failed_event.metadata, now))
        if event.diagnostic_event:
            each = event.diagnostic_event
            return list(self._says(each.severity, MARKUP.sub("", each.message), each.urn))
        return []

    def _begins(self, about: Any, now: float) -> Iterator[Line]:
        operation = _operation(about)
        if operation != "refresh":
            self.looking = False
        if operation in DOING and not _inner(about.urn) and self.verb != "preview":
            self.running[about.urn] = (f"{DOING[operation][1]} {label(about.urn)}", now)
        return iter(())

    def _ends(self, about: Any, now: float) -> Iterator[Line]:
        operation = _operation(about)
        if _inner(about.urn) or operation in QUIET:
            return
        self.changes[operation] = self.changes.get(operation, 0) + 1
        if self.verb == "refresh":
            sign, words = DRIFT.get(operation, ("~", operation))
            yield Line("done", f"{sign} {label(about.urn)} {words}")
        elif operation in DOING:
            yield self._did(about.urn, operation, about, now)

    def _did(self, urn: str, operation: str, about: Any, now: float) -> Line:
        sign, _, past, future = DOING[operation]
        if self.verb == "preview":
            keys = sorted(set(about.diffs or []) | set(about.keys or [])) if operation != "create" else []
            return Line("done", f"{sign} {label(urn)} {future}{': ' + ', '.join(keys) if keys else ''}")
        _, began = self.running.pop(urn, ("", now))
        return Line("done", f"{sign} {label(urn)} {past} ({now - began:.1f} s)")

    def _fails(self, about: Any, now: float) -> Iterator[Line]:
        what, began = self.running.pop(about.urn, (f"{_operation(about)} {label(about.urn)}", now))
        yield Line("failed", f"! {what} failed ({now - began:.1f} s)")

    def _says(self, severity: str, text: str, urn: str | None) -> Iterator[Line]:
        """Debug events are dropped unread: they may hold secrets."""
        text = text.strip("\n")
        if severity == "debug" or not text.strip() or NOISE.match(text):
            return
        if severity == "error":
            self._note_error(sentence(text), urn)
        elif severity == "warning":
            yield Line("note", f"  note: {text}")
        elif severity == "info":
            yield from (Line("statement", f"    {line}") for line in text.split("\n") if self._is_news(line))

    def _is_news(self, line: str) -> bool:
        if not line.startswith(DRIFTED):
            return not self.looking or self.verb == "refresh"
        known = line in self.drifted
        self.drifted.add(line)
        return not known

    def _note_error(self, text: str, urn: str | None) -> None:
        shown = text if urn is None or _inner(urn) or label(urn) in text else f"{label(urn)}: {text}"
        if shown and shown not in self.errors:
            self.errors.append(shown)


def label(urn: str) -> str:
    """A resource as the preview names it."""
    return urn.rpartition("::")[2]


def sentence(text: str) -> str:
    """A failure without the wrapping and without a traceback."""
    text = PREFIX.sub("", text.strip())
    if "Traceback (most recent call last)" not in text:
        return text
    kept = [line for line in text.splitlines() if line.strip() and not LINES_OF_TRACEBACK.match(line)]
    return re.sub(r"^(\w+\.)*\w*(Error|Exception): ", "", kept[-1]) if kept else "failed without a word"


def summary(counted: Mapping[str, int], future: bool) -> str:
    """`3 created, 1 updated`."""
    done: Iterable[str] = (
        f"{count} {DOING[operation][3 if future else 2] if operation in DOING else operation}"
        for operation, count in counted.items()
    )
    return ", ".join(done)


def drift(counted: Mapping[str, int]) -> str:
    """`1 gone, 2 different`."""
    words = {"delete": "gone", "update": "different"}
    return ", ".join(f"{count} {words.get(operation, operation)}" for operation, count in sorted(counted.items()))


def _operation(about: Any) -> str:
    return _word(about.op)


def _word(operation: OpType | str) -> str:
    return str(operation.value if isinstance(operation, OpType) else operation)


def _inner(urn: str) -> bool:
    kind = urn.split("::")[2].rpartition("$")[2] if urn.count("::") >= 3 else ""
    return kind.startswith(INNER)
