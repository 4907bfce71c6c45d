"""What a supervisor tells of itself: status.json, replaced whole at each change."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Exit:
    """How a program ended: `code` or `signal` (one of them is None), `at` in seconds since 1970, and why if we know."""

    at: float
    code: int | None
    signal: int | None
    reason: str

    def __str__(self) -> str:
        return f"signal {self.signal}" if self.signal is not None else f"exit code {self.code}"


def write(path: str, content: dict[str, Any]) -> None:
    """Replaces the file in one step; a disk that is full keeps the old one."""
    replace(Path(path), json.dumps(content, indent=1) + "\n", suppress=True)


def read(path: str) -> dict[str, Any]:
    """What an earlier life left; {} when there is nothing usable."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def replace(path: Path, text: str, *, suppress: bool = False) -> None:
    """Writes a file that is either the old one or the new one, never a part (mode 0600)."""
    fresh = path.with_name(f"{path.name}.new")
    with contextlib.suppress(OSError) if suppress else contextlib.nullcontext():
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)


def lock(path: str) -> int | None:
    """Holds <path>.lock for as long as this process lives; None when another supervisor has it."""
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
