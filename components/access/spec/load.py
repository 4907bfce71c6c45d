"""An access spec's file -> `Spec`, or everything that is wrong with it in one report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, Self

from pydantic import ValidationError

from components.access.spec import tree
from components.access.spec.models import Spec
from components.access.spec.names import wrong_names
from components.access.spec.repeat import Repeater
from components.access.spec.tree import Path, line_at, shown
from components.access.spec.wording import message, spec_schema
from components.settings.problems import Problem

__all__ = ["Loaded", "Placed", "SpecError", "load", "loads", "spec_schema"]


class SpecError(Exception):
    """Everything that is wrong, in the order of the file; `str()` is the whole report, one problem a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda one: (one.file or "", one.line or 0, one.path, one.message))
        count = len(self.problems)
        title = "1 problem in the access spec" if count == 1 else f"{count} problems in the access specs"
        super().__init__("\n".join([f"{title}; nothing was touched:", *(f"  {one}" for one in self.problems)]))


class Placed(str):
    """What a server says of one place of a spec, by its path; whoever has the file at hand adds file and line."""

    __slots__ = ("path", "said")
    path: Path
    said: str

    def __new__(cls, path: Path, said: str) -> Self:
        made = super().__new__(cls, f"{shown(path)}: {said}")
        made.path, made.said = path, said
        return made


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A spec and where it came from. `plain` is the spec as JSON knows it, after for_each: a resource's input."""

    spec: Spec
    file: str
    plain: dict[str, Any]
    lines: dict[Path, int] = field(default_factory=dict)

    def problem(self, path: Path, text: str) -> Problem:
        """A problem at `path`, with file and line."""
        return Problem(shown(path), text, self.file, line_at(self.lines, path))

    def told(self, text: str) -> str:
        """What a plan tells, with file and line where it is of one place of this spec."""
        return str(self.problem(text.path, text.said)) if isinstance(text, Placed) else text


def load(file: File, *, name: str | None = None) -> Loaded:
    """Reads one file; `name` is how messages call it (default: its path). Raises SpecError with every problem."""
    called = name or str(file)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SpecError([Problem("", f"cannot be read: {error.strerror}", called)]) from None
    except UnicodeDecodeError as error:
        raise SpecError([Problem("", f"is not UTF-8 (byte {error.start}); save it as UTF-8", called)]) from None
    return loads(text, called)


def loads(text: str, file: str) -> Loaded:
    """Like `load`, for text at hand."""
    try:
        root, problems = tree.parse(text, file)
    except tree.UnreadableError as error:
        raise SpecError([error.problem]) from None
    repeater = Repeater(file)
    whole = repeater.expand(root)
    return _checked(tree.plain(whole), file, tree.lines(whole), [*problems, *repeater.problems])


def from_plain(plain: dict[str, Any], file: str) -> Loaded:
    """A spec that a resource's state holds; it was checked when it was put there."""
    return Loaded(spec=Spec.model_validate(plain), file=file, plain=plain)


def _checked(plain: Any, file: str, lines: dict[Path, int], problems: list[Problem]) -> Loaded:
    if not isinstance(plain, dict):
        raise SpecError([*problems, Problem("", "must be a mapping that begins with version: 1", file, 1)])
    spec, found = _validated(plain)
    problems += [Problem(shown(path), text, file, line_at(lines, path)) for path, text in found]
    # What lies around a wrong value may look wrong only because the value was taken out.
    wrong = {path[:length] for path, _ in found for length in range(1, len(path) + 1)}
    names = wrong_names(spec) if spec else ()
    problems += [Problem(shown(path), text, file, line_at(lines, path)) for path, text in names if path not in wrong]
    if problems or spec is None:
        raise SpecError(problems)
    return Loaded(spec=spec, file=file, plain=plain, lines=lines)


def _validated(plain: dict[str, Any]) -> tuple[Spec | None, list[tuple[Path, str]]]:
    """The spec and what pydantic found. With findings, the spec lacks what was wrong, so that names are still checked.

    None where a whole role or database is wrong: every use of its name would be reported as well.
    """
    try:
        return Spec.model_validate(plain), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    found = [(tuple(part for part in detail["loc"] if part != "[key]"), message(detail)) for detail in details]
    if any(detail["type"] == "missing" or len(detail["loc"]) < 3 for detail in details):
        return None, found
    # The innermost first: what lies around it is then still there to be taken out.
    for path in sorted({_reached(plain, path) for path, _ in found}, key=len, reverse=True):
        plain = _without(plain, path)
    try:
        return Spec.model_validate(plain), found
    except ValidationError:
        return None, found


def _reached(given: Any, path: Path) -> Path:
    """As much of a path as leads through mappings: several problems of one list are all at the list."""
    for length, part in enumerate(path):
        if not isinstance(given, dict) or str(part) not in given:
            return path[: max(length, 1)]
        given = given[str(part)]
    return path


def _without(given: Any, path: Path) -> Any:
    """`given` less the value at `path`, or less the nearest value above it that can be taken out."""
    head, rest = path[0], path[1:]
    if not isinstance(given, dict):
        return given
    if rest and isinstance(below := given.get(str(head)), dict) and str(rest[0]) in below:
        return given | {str(head): _without(below, rest)}
    return {key: value for key, value in given.items() if key != head}
