"""Where the embedded platform may live: a folder in reach of the servers' account and short enough for sockets."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.embedded.files import Account
from components.render.sites import SOCKET_FILE, SOCKET_PATH_LIMIT

ROOTS_PLACE = Path("/var/lib/postgres-platform")
DEEPEST = "/pg-5/run" + SOCKET_FILE


@dataclass(frozen=True, kw_only=True)
class Place:
    """`wanted` is the folder that the settings name; `real` where the parts lie: the same, or where `wanted` links."""

    wanted: Path
    real: Path


def place(directory: str, project: Path, account: Account) -> Place:
    """The folder for `embedded.directory`, which starts at the project's folder when it is relative."""
    wanted = Path(os.path.normpath(project / directory))  # not resolve(): the last part may be our own link
    if wanted.is_symlink():
        return Place(wanted=wanted, real=wanted.resolve())
    parent = wanted.parent.resolve()
    real = parent / wanted.name
    if reachable(parent, account) and len(f"{real}{DEEPEST}".encode()) <= SOCKET_PATH_LIMIT:
        return Place(wanted=wanted, real=real)
    return Place(wanted=wanted, real=_elsewhere() / hashlib.sha256(str(real).encode()).hexdigest()[:12])


def _elsewhere() -> Path:
    return ROOTS_PLACE if os.geteuid() == 0 else Path.home() / ".local/state/postgres-platform"


def reachable(folder: Path, account: Account) -> bool:
    """Whether the account may pass through every folder down to this one; folders still to be made will be open."""
    steps = [step for step in (folder, *folder.parents) if step.exists()]
    groups = os.getgrouplist(account.name, account.gid)
    return all(_passable(step, account, groups) for step in steps)


def _passable(step: Path, account: Account, groups: Sequence[int]) -> bool:
    given = step.stat()
    if given.st_uid == account.uid:
        return bool(given.st_mode & 0o100)
    if given.st_gid in groups:
        return bool(given.st_mode & 0o010)
    return bool(given.st_mode & 0o001)
