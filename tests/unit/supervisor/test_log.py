from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from components.supervisor.log import Lines

STAMP = re.compile(rb"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC haproxy: ")


class Memory:
    """Takes what a log would write."""

    def __init__(self) -> None:
        self.text = b""

    def write(self, text: bytes) -> None:
        self.text += text


def written(*pieces: bytes) -> bytes:
    memory = Memory()
    lines = Lines(memory, "haproxy")  # type: ignore[arg-type]
    for piece in pieces:
        lines.feed(piece)
    lines.end()
    return memory.text


def test_a_line_without_a_time_gets_one() -> None:
    assert STAMP.sub(b"", written(b"[WARNING] down\n")) == b"[WARNING] down\n"
    assert STAMP.match(written(b"[WARNING] down\n"))


def test_a_line_that_has_its_own_stays_as_it_is() -> None:
    for line in (b"2026-11-21 12:53:03.830 UTC [1] LOG up\n", b'{"level":"warn"}\n'):
        assert written(line) == line


def test_what_came_without_an_end_is_a_line_in_the_end() -> None:
    assert STAMP.sub(b"", written(b"backend> ")) == b"backend> \n"


def test_a_line_without_end_does_not_grow_for_ever() -> None:
    memory = Memory()
    Lines(memory, "x").feed(b"a" * 70000)  # type: ignore[arg-type]
    assert len(memory.text) > 70000


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_nothing_is_lost_however_the_pieces_fall(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    text = STAMP.sub(b"", written(*pieces))
    assert text == (whole if whole.endswith(b"\n") or not whole else whole + b"\n")
