"""How passwords and URLs are written into an environment file, so that what reads it gets exactly what was meant.

There is no one format. A shell (`. file`, systemd units that go through sh, direnv) takes quotes away; Docker's
`--env-file` and Kubernetes' keep them as part of the value; the libraries called dotenv differ among themselves about
backslashes, `$` and `#`. So the reader is named, and a value that a reader cannot be given is refused, never bent.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Reader = Literal["sh", "docker", "dotenv"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What even the readers that differ take alike: nothing quoted, nothing expanded, no comment.
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,~=-]*")
_URL_INSTEAD = "write it as part of a URL, where every such character is percent-encoded"


class EnvironmentFileError(Exception):
    """Every variable that cannot be written, with the reason; values are never repeated."""


def render(variables: Mapping[str, str], reader: Reader) -> str:
    """The file's text, a line a variable, in the given order. Raises EnvironmentFileError with every problem at once.

    `sh`: any value without NUL. `docker`: any value of one line. `dotenv`: one line without single quote and backslash.
    """
    problems = [f"{name}: {problem}" for name, value in variables.items() for problem in _problems(name, value, reader)]
    if problems:
        raise EnvironmentFileError("\n".join(problems))
    return "".join(f"{name}={_value(value, reader)}\n" for name, value in variables.items())


def write(file: Path, variables: Mapping[str, str], reader: Reader) -> None:
    """Writes the file whole or not at all; only its owner may read it."""
    text = render(variables, reader)
    # A name of its own in the same folder: opened anew, so that an old file's wider mode is not kept.
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as output:
            output.write(text)
            output.flush()
            os.fsync(output.fileno())
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _value(value: str, reader: Reader) -> str:
    if reader == "docker":
        return value
    if reader == "sh":
        return shlex.quote(value)
    return value if _PLAIN.fullmatch(value) else f"'{value}'"


def _problems(name: str, value: str, reader: Reader) -> list[str]:
    one_line = reader != "sh"
    checks = [
        (not _NAME.fullmatch(name), "is no name of a variable; use letters, digits and _, no digit first"),
        ("\0" in value, "holds a NUL character, which no environment can hold"),
        (
            one_line and ("\n" in value or "\r" in value),
            f"holds a line break, which {reader} cannot read; {_URL_INSTEAD}",
        ),
        (
            reader == "dotenv" and ("'" in value or "\\" in value),
            f"holds a quote or a backslash, which dotenv libraries read differently; {_URL_INSTEAD}",
        ),
    ]
    return [text for wrong, text in checks if wrong]
