"""Files written whole or not at all, and folders with their owner and mode."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Account:
    """An account of this machine, as `chown` wants it."""

    name: str
    uid: int
    gid: int

    @staticmethod
    def named(name: str) -> Account:
        """Raises KeyError when this machine has no such account."""
        entry = pwd.getpwnam(name)
        return Account(name, entry.pw_uid, entry.pw_gid)

    @staticmethod
    def own() -> Account:
        return Account(pwd.getpwuid(os.geteuid()).pw_name, os.geteuid(), os.getegid())


def server_account() -> Account:
    """Who runs the servers: postgres when we are root, since PostgreSQL refuses root; else ourselves."""
    return Account.named("postgres") if os.geteuid() == 0 else Account.own()


def folder(path: Path, owner: Account, mode: int = 0o700) -> None:
    """Makes the folder, or puts its owner and mode right."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    given = path.stat()
    if (given.st_uid, given.st_gid) != (owner.uid, owner.gid) and os.geteuid() == 0:
        os.chown(path, owner.uid, owner.gid)
    if given.st_mode & 0o7777 != mode:
        path.chmod(mode)


def write(path: Path, text: str | bytes, owner: Account, mode: int = 0o600) -> None:
    """Replaces the file in one step; a reader sees the old one or the new one."""
    content = text.encode() if isinstance(text, str) else text
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            if os.geteuid() == 0:
                os.fchown(file.fileno(), owner.uid, owner.gid)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def text_of(path: Path) -> str | None:
    """The file's text; None when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def json_of(path: Path) -> dict[str, Any]:
    """A JSON object; {} when the file is missing or was damaged, which is then repaired like any other difference."""
    with contextlib.suppress(ValueError):
        content = json.loads(text_of(path) or "{}")
        return content if isinstance(content, dict) else {}
    return {}


def digest(*texts: str) -> str:
    """A short name for these texts; equal texts have equal names."""
    made = hashlib.sha256()
    for text in texts:
        made.update(f"{len(text)}:{text}".encode())
    return made.hexdigest()[:16]


def remove_tree(path: Path) -> None:
    """Removes a folder with all that is in it; one that is not there is fine."""
    shutil.rmtree(path, ignore_errors=False) if path.exists() else None
