"""An end that a person can do something about: one sentence, and the exit code."""

from __future__ import annotations

FAILED, CHANGES, STOPPED = 1, 2, 130


class Refusal(Exception):  # noqa: N818  (an answer, not a fault of the program)
    """Ends the run. The text says what is wrong and what to do; it is printed without a traceback."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code
