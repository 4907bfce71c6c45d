"""What is wrong with a file that a person wrote: one `Problem` for each fault, one `SettingsError` for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One fault. `path` is where in the settings (`patroni.ttl`), `message` says found, allowed and what to do.

    `file` and `line` (from 1) are known when the settings were read from a file that was at hand, else None.
    """

    path: str
    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return ": ".join(part for part in (where, self.path, self.message) if part)


class SettingsError(Exception):
    """Everything that is wrong, in the order of the files; `str()` is the whole report, one problem a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda one: (one.file or "", one.line or 0, one.path, one.message))
        count, several = len(self.problems), len({problem.file for problem in self.problems}) > 1
        where = "the settings and access specs" if several else "the settings"
        title = f"{count} problem{'' if count == 1 else 's'} in {where}"
        super().__init__("\n".join([f"{title}; nothing was changed:", *(f"  {problem}" for problem in self.problems)]))
