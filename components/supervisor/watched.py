"""Notices that a mounted folder has new content, and reloads: renewed certificates, a changed ConfigMap."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from .log import Log

_INTERVAL = 5.0  # kubelet itself takes up to a minute and a half to bring a change


def content(folders: Sequence[str]) -> tuple[str, ...]:
    """Something that differs when the content of a folder does.

    Kubelet replaces a mounted folder whole, by turning the link `..data`; where there is none, names and times tell.
    """
    return tuple(_one(Path(folder)) for folder in folders)


def _one(folder: Path) -> str:
    try:
        link = folder / "..data"
        if link.is_symlink():
            return str(link.readlink())
        return repr(sorted((path.name, path.stat().st_mtime_ns) for path in folder.iterdir()))
    except OSError as error:
        return type(error).__name__


def watch(folders: Sequence[str], log: Log, *, before: tuple[str, ...] | None = None) -> None:
    """A change of the folders' content is a SIGHUP to this process: from now on, or since it was as `before` tells."""
    if not folders:
        return
    before = before or content(folders)

    def look() -> None:
        nonlocal before
        while True:
            threading.Event().wait(_INTERVAL)
            now = content(folders)
            if now != before:
                before = now
                log("mounted files have changed")
                os.kill(os.getpid(), signal.SIGHUP)

    threading.Thread(target=look, name="watched folders", daemon=True).start()
