"""The administrator's certificate and key as files, for as long as libpq needs them there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

PREFIX = "postgres-platform-identity-"
FILES = {"certificate": ("sslcert", "admin.crt"), "key": ("sslkey", "admin.key"), "ca": ("sslrootcert", "ca.crt")}


def unusable(identity: Mapping[str, str] | None, now: datetime | None = None) -> str | None:
    """Why nobody can log in with it: not made yet (a preview gives {}), or expired. None: it may be tried."""
    if identity is None:
        return None
    if not identity:
        return "the server or its administrator's identity is yet to be made"
    from cryptography import x509  # a twentieth of a command's start, which only a brought identity needs

    until = x509.load_pem_x509_certificate(identity["certificate"].encode()).not_valid_after_utc
    if (now or datetime.now(UTC)) > until:
        return f"the administrator's certificate expired at {until:%Y-%m-%d %H:%M} UTC; `up` makes a new one"
    return None


@contextmanager
def identity_files(identity: Mapping[str, str] | None, below: Path | None = None) -> Iterator[dict[str, str]]:
    """libpq's words for PEM texts (`certificate`, `key`, `ca`), written 0600 into a folder 0700 that goes at the end.

    What a killed run left is removed by the next one. None gives no words.
    """
    if identity is None:
        yield {}
        return
    parent = below or Path(tempfile.gettempdir())
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
    try:
        yield {word: _write(folder / file, identity[name]) for name, (word, file) in FILES.items() if name in identity}
    finally:
        shutil.rmtree(folder)


def _write(file: Path, text: str) -> str:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as open_file:
        open_file.write(text)
    return str(file)


def _sweep(parent: Path) -> None:
    """Our own folders whose process is gone."""
    for folder in parent.glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not _alive(int(pid)) and folder.stat().st_uid == os.getuid():
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
