"""Where the statements of an SQL text begin and end, and by which words they start.

Scripts are sent to the server whole; this is for what must be known without the server: the line of a statement that
failed, statements that must not stand in a script, and one statement at a time where no transaction may be open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_PIECE = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>--[^\n]*)
    | (?P<block>/\*)
    | (?P<escaped>[eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*')
    | (?P<text>'[^']*(?:''[^']*)*')
    | (?P<name>"[^"]*(?:""[^"]*)*")
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<end>;)
    | (?P<open>[(\[])
    | (?P<close>[)\]])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")
_SKIPPED = frozenset(("space", "comment", "block"))


@dataclass(frozen=True, kw_only=True)
class SqlStatement:
    """`line` counts from 1; `words` are the bare words outside parentheses, in capitals, in order."""

    text: str
    line: int
    words: tuple[str, ...]


@dataclass
class _Reading:
    """The statement being read: where it began, what it said so far, how deep in parentheses and in BEGIN ... END."""

    start: int = -1
    words: list[str] = field(default_factory=list)
    parentheses: int = 0
    bodies: int = 0

    def take(self, kind: str, piece: str, position: int) -> None:
        if self.start < 0:
            self.start = position
        if kind == "word" and self.parentheses == 0:
            self._take_word(piece.upper())
        elif kind == "other" and piece == "\\" and not self.words:
            self.words.append(piece)
        self.parentheses = max(0, self.parentheses + (kind == "open") - (kind == "close"))

    def _take_word(self, word: str) -> None:
        self.words.append(word)
        # The body of an SQL-standard routine (BEGIN ATOMIC ... END) holds semicolons outside of any quotes.
        if word == "ATOMIC" and self.words[-2:-1] == ["BEGIN"] and "CREATE" in self.words[:1]:
            self.bodies = 1
        elif self.bodies and word == "CASE":
            self.bodies += 1
        elif self.bodies and word == "END":
            self.bodies -= 1


def statements(text: str) -> list[SqlStatement]:
    """The statements of `text` without their semicolons; empty ones are left out, as the server leaves them out."""
    found: list[SqlStatement] = []
    reading = _Reading()
    for kind, piece, position in _pieces(text):
        if kind == "end" and reading.parentheses == 0 and reading.bodies == 0:
            found += _finished(text, reading, position)
            reading = _Reading()
        elif kind not in _SKIPPED:
            reading.take(kind, piece, position)
    return found + _finished(text, reading, len(text))


def line_at(text: str, position: int) -> int:
    """The line, from 1, of the character at `position`, from 0."""
    return text.count("\n", 0, position) + 1


def _finished(text: str, reading: _Reading, end: int) -> list[SqlStatement]:
    if reading.start < 0:
        return []
    said = text[reading.start : end].rstrip()
    return [SqlStatement(text=said, line=line_at(text, reading.start), words=tuple(reading.words))]


def _pieces(text: str) -> Iterator[tuple[str, str, int]]:
    position = 0
    while match := _PIECE.match(text, position):
        kind, start = str(match.lastgroup), position
        position = _end_of(text, kind, match)
        yield kind, text[start:position], start


def _end_of(text: str, kind: str, match: re.Match[str]) -> int:
    if kind == "block":
        return _end_of_block(text, match.end())
    if kind == "dollar":
        closing = text.find(match[0], match.end())
        return len(text) if closing < 0 else closing + len(match[0])
    return match.end()


def _end_of_block(text: str, position: int) -> int:
    """Block comments nest in PostgreSQL."""
    depth = 1
    while depth and (edge := _BLOCK_EDGE.search(text, position)):
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return len(text) if depth else position
