"""Pulumi's home for our own runs: the person's, entry by entry, but for the engine's log of all that it passes on.

Since 3.25x the CLI writes each property of each resource, at its highest level of detail, into `logs` of its home, and
keeps 500 MB of that. It has no switch (pkg/logging/encrypted.go), but goes without where it can make no such folder.
For a stack of ours that is half of the engine's time, and what a stack holds, encrypted or not, would lie outside the
checkout. Who wants that log sets PULUMI_HOME, and is left alone.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from tools.setup.stamps import write

HOME = "PULUMI_HOME"
LOGS = "logs"
FOLDERS = ("plugins", "policies", "workspaces")  # made where they are not there yet, since the CLI fills them
NOTE = """\
A file where the Pulumi CLI would make a folder: it then keeps no log of every property of the stack.
Set PULUMI_HOME to get that log, for example to ~/.pulumi.
"""


def environment(work: Path) -> Mapping[str, str]:
    """What the CLI has to be told; nothing where the person has said it already. `work` is our folder."""
    if os.environ.get(HOME):
        return {}
    own = work / "home"
    _make(own, Path.home() / ".pulumi")
    return {HOME: str(own)}


def _make(own: Path, persons: Path) -> None:
    """Plugins, logins and all else are the person's, now and when the CLI writes them."""
    own.mkdir(mode=0o700, exist_ok=True)
    if not (own / LOGS).is_file():
        write(own / LOGS, NOTE)
    for name in FOLDERS:
        (persons / name).mkdir(parents=True, exist_ok=True)
    for link in own.iterdir():
        if link.is_symlink() and not link.exists():
            link.unlink(missing_ok=True)
    for entry in persons.iterdir():
        if entry.name != LOGS:
            with contextlib.suppress(FileExistsError):  # of an earlier run, or of one beside us
                (own / entry.name).symlink_to(entry)
