"""Which SQL scripts of a database have to run, and what is wrong with the files or the journal.

`NNN_name.sql` runs once, in order of its number; `R__name.sql` runs after those, again whenever its text changed. The
journal in the database (`postgres_platform.script_journal`) knows what ran, by name and SHA-256.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from components.access.sql_text import SqlStatement, statements

NO_TRANSACTION = "-- postgres-platform: no-transaction"

_ONCE = re.compile(r"(\d{3,})_[a-z0-9][a-z0-9_]*\.sql")
_REPEATED = re.compile(r"R__[a-z0-9][a-z0-9_]*\.sql")
_HEADER = re.compile(r"--\s*postgres-platform:\s*(.*?)\s*", re.IGNORECASE)
_TRANSACTION = {("BEGIN",), ("START", "TRANSACTION"), ("COMMIT",), ("END",), ("ROLLBACK",), ("ABORT",)} | {
    ("PREPARE", "TRANSACTION")
}
_IDENTITY = {
    (*verb, *what) for verb in (("SET",), ("RESET",)) for what in (("ROLE",), ("SESSION", "AUTHORIZATION"))
} | {
    ("SET", "LOCAL", "ROLE"),
    ("SET", "SESSION", "ROLE"),
    ("SET", "LOCAL", "SESSION", "AUTHORIZATION"),
    ("SET", "SESSION", "SESSION", "AUTHORIZATION"),
    ("RESET", "ALL"),
    ("DISCARD", "ALL"),
}
_ALONE = {("VACUUM",), ("ALTER", "SYSTEM")} | {
    (verb, what) for verb in ("CREATE", "DROP") for what in ("DATABASE", "TABLESPACE")
}


@dataclass(frozen=True, kw_only=True)
class ScriptProblem:
    """What is wrong with one file, and what to do. `line` counts from 1; None where no line is to blame."""

    file: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.message}"


class ScriptError(Exception):
    """Every problem that was found, at once."""

    def __init__(self, problems: Sequence[ScriptProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, kw_only=True)
class Script:
    """One file. `name` is its name without a folder, `file` how messages call it."""

    name: str
    text: str
    file: str = ""

    @property
    def number(self) -> int | None:
        """None for a script that is repeated on change."""
        match = _ONCE.fullmatch(self.name)
        return int(match[1]) if match else None

    @cached_property
    def sha256(self) -> str:
        """Of the text with unix line ends: a checkout on another system is no change."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def statements(self) -> tuple[SqlStatement, ...]:
        return tuple(statements(self.text))

    @property
    def transaction(self) -> bool:
        """False where the file's head says that its statements cannot run inside a transaction."""
        return "no-transaction" not in _headers(self.text)


@dataclass(frozen=True, kw_only=True)
class Pending:
    """`run` in this order; nothing may run while there are `problems`."""

    run: tuple[Script, ...] = ()
    problems: tuple[ScriptProblem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Batches:
    """The scripts of one apply, cut where one cannot run inside a transaction.

    `before` are committed one after the other, each tuple holding either scripts of one transaction or a single script
    without one; `main` belongs to the transaction that also grants; `after` runs when that is committed.
    """

    before: tuple[tuple[Script, ...], ...] = ()
    main: tuple[Script, ...] = ()
    after: tuple[Script, ...] = field(default=())


def read(folders: Iterable[Path]) -> list[Script]:
    """The scripts of the folders as one sequence; other kinds of file and folders within are left alone.

    Raises ScriptError with every problem of names, numbers and texts.
    """
    files: dict[str, bytes] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ScriptError(
                [ScriptProblem(file=str(folder), message="is no folder; `sql:` lists folders of scripts")]
            )
        files |= {str(file): file.read_bytes() for file in folder.glob("*.sql") if file.is_file()}
    return parse(files)


def parse(files: Mapping[str, bytes]) -> list[Script]:
    """File names and contents -> scripts in the order they run. Raises ScriptError with every problem."""
    texts = {file: _decoded(content) for file, content in sorted(files.items())}
    found = [Script(name=Path(file).name, text=text or "", file=file) for file, text in texts.items()]
    unreadable = [
        ScriptProblem(file=file, message="is not UTF-8; save it as UTF-8")
        for file, text in texts.items()
        if text is None
    ]
    problems = [*unreadable, *_problems_of_names(found), *(p for script in found for p in problems_of_text(script))]
    if problems:
        raise ScriptError(problems)
    return sorted(found, key=_order)


def pending(found: Sequence[Script], applied: Mapping[str, str]) -> Pending:
    """What has to run, given the journal's names and SHA-256; a changed, lost or late file is a problem, not a run."""
    run = tuple(script for script in sorted(found, key=_order) if applied.get(script.name) != script.sha256)
    return Pending(
        run=tuple(script for script in run if script.number is None or script.name not in applied),
        problems=(*_changed(run, applied), *_lost(found, applied), *_late(run, applied)),
    )


def batches(run: Sequence[Script]) -> Batches:
    """Cuts what is pending so that the order holds and as much as possible shares the granting transaction."""
    groups: list[tuple[Script, ...]] = []
    for script in run:
        if script.transaction and groups and groups[-1][-1].transaction:
            groups[-1] += (script,)
        else:
            groups.append((script,))
    mains = [index for index, group in enumerate(groups) if group[0].transaction]
    if not mains:
        return Batches(after=tuple(run))
    last = mains[-1]
    return Batches(
        before=tuple(groups[:last]), main=groups[last], after=tuple(s for g in groups[last + 1 :] for s in g)
    )


def _order(script: Script) -> tuple[bool, int, str]:
    return script.number is None, script.number or 0, script.name


def _decoded(content: bytes) -> str | None:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def _headers(text: str) -> list[str]:
    """The words of `-- postgres-platform:` lines before the first line that is neither blank nor a comment."""
    found = []
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("--"):
            break
        if header := _HEADER.fullmatch(line.strip()):
            found.append(header[1].lower())
    return found


def _problems_of_names(found: Sequence[Script]) -> Iterator[ScriptProblem]:
    for script in found:
        if not (_ONCE.fullmatch(script.name) or _REPEATED.fullmatch(script.name)):
            wanted = "NNN_name.sql (runs once) or R__name.sql (runs on change), the name in a-z, 0-9 and _"
            yield ScriptProblem(file=script.file, message=f"is not called {wanted}; rename it or move it to a folder")
    numbers = Counter(script.number for script in found if script.number is not None)
    names = Counter(script.name for script in found)
    for script in found:
        if script.number is not None and numbers[script.number] > 1:
            others = sorted(s.file for s in found if s.number == script.number and s is not script)
            yield ScriptProblem(
                file=script.file, message=f"shares its number with {', '.join(others)}; give it the next one"
            )
        elif names[script.name] > 1:
            yield ScriptProblem(file=script.file, message="is there twice, in two folders; rename one")
    missing = sorted(set(range(1, max(numbers, default=0))) - set(numbers))
    if missing:
        listed = ", ".join(f"{number:03}" for number in missing)
        last = next(script for script in found if script.number == max(numbers))
        yield ScriptProblem(
            file=last.file, message=f"comes after a gap: number {listed} is missing; numbers start at 001"
        )


def problems_of_text(script: Script) -> Iterator[ScriptProblem]:
    """What a script must not say: transactions, other roles, what the server cannot read."""
    for header in _headers(script.text):
        if header != "no-transaction":
            message = f"header {header!r} is unknown; the one there is: {NO_TRANSACTION}"
            yield ScriptProblem(file=script.file, line=1, message=message)
    if "\0" in script.text:
        yield ScriptProblem(file=script.file, message="holds a NUL character, which PostgreSQL cannot take; remove it")
    for statement in script.statements:
        if wrong := _problem_of(statement, script.transaction):
            yield ScriptProblem(file=script.file, line=statement.line, message=wrong)


def _problem_of(statement: SqlStatement, transaction: bool) -> str | None:
    words, shown = statement.words, " ".join(statement.words[:3])
    if words[:1] == ("\\",):
        return "is a command of psql, the server does not know it; write SQL"
    if _starts(words, _TRANSACTION):
        return f"{shown} starts or ends a transaction, which is not the script's to do; remove it"
    if _starts(words, _IDENTITY):
        return f"{shown} changes who runs the rest; a script runs as the owner of its database; remove it"
    if transaction and words[:1] == ("SET",) and words[1:2] not in (("LOCAL",), ("CONSTRAINTS",)):
        return f"{shown} would outlast the script; write SET LOCAL"
    if words[:1] == ("COPY",) and "STDIN" in words:
        return "COPY FROM STDIN has nobody to read from here; use INSERT"
    if transaction and (_starts(words, _ALONE) or _concurrent(words)):
        return (
            f"{shown} cannot run inside a transaction; put it into a file of its own that begins with {NO_TRANSACTION}"
        )
    return None


def _starts(words: tuple[str, ...], openings: set[tuple[str, ...]]) -> bool:
    return any(words[:length] in openings for length in range(1, 5))


def _concurrent(words: tuple[str, ...]) -> bool:
    return "CONCURRENTLY" in words and words[:1] != ("REFRESH",) and words[:1] in (("CREATE",), ("DROP",), ("REINDEX",))


def _changed(run: Sequence[Script], applied: Mapping[str, str]) -> Iterator[ScriptProblem]:
    for script in run:
        if script.number is not None and script.name in applied:
            then, now = applied[script.name][:12], script.sha256[:12]
            message = (
                f"was changed after it ran (SHA-256 was {then}, is {now}); "
                "put the old text back and write the change as a new script"
            )
            yield ScriptProblem(file=script.file or script.name, message=message)


def _lost(found: Sequence[Script], applied: Mapping[str, str]) -> Iterator[ScriptProblem]:
    """A repeated script may go: what it made is dropped by a numbered one."""
    for name in sorted(applied.keys() - {script.name for script in found}):
        if _ONCE.fullmatch(name):
            yield ScriptProblem(file=name, message="ran in this database but its file is gone; put the file back")


def _late(run: Sequence[Script], applied: Mapping[str, str]) -> Iterator[ScriptProblem]:
    numbers = [int(match[1]) for name in applied if (match := _ONCE.fullmatch(name))]
    newest = max(numbers, default=0)
    for script in run:
        if script.number is not None and script.name not in applied and script.number <= newest:
            message = f"is new, but number {newest:03} ran already; give it number {newest + 1:03} or higher"
            yield ScriptProblem(file=script.file or script.name, message=message)
