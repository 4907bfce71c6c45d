"""Stamps: small files that say a piece of work is whole. Written last and at once, so a killed run leaves none."""

from __future__ import annotations

import os
from pathlib import Path


def stamped(stamp: Path, content: str) -> bool:
    """Is the work done, from these very inputs?"""
    try:
        return stamp.read_text(encoding="utf-8") == content
    except OSError:
        return False


def write(file: Path, content: str, mode: int = 0o644) -> None:
    """Write a file so that it is there whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    scratch.touch(mode=mode)
    with scratch.open("w", encoding="utf-8") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    scratch.replace(file)
