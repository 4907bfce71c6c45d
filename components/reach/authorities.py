"""Whom to trust when a server shows its certificate: a file, or one that is published and fetched at first need."""

from __future__ import annotations

import os
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CACHE = Path.home() / ".cache" / "postgres-platform" / "rds-ca"
LIMIT_S = 15.0
LONGEST = 4 * 1024 * 1024  # bytes; all regions of AWS together have 200 KiB
FRESH_S = 30 * 86400.0  # Amazon adds authorities years before they are used
SIGN = b"-----BEGIN CERTIFICATE-----"


class AuthoritiesError(Exception):
    """Why nobody can be trusted yet, and what to do by hand."""


def authorities(where: str, cache: Path = CACHE) -> str:
    """Path of a PEM file: `where` itself, or what is published at that address. Raises AuthoritiesError.

    What was fetched is kept in `cache`, and fetched again after 30 days; if that fails, the old one still serves.
    """
    if "://" not in where:
        return _named(where)
    file = cache / where.rpartition("/")[2]
    fresh = file.is_file() and time.time() - file.stat().st_mtime < FRESH_S
    if not fresh:
        try:
            _keep(file, _fetched(where))
        except AuthoritiesError as why:
            if not file.is_file():
                raise AuthoritiesError(_by_hand(where, file, why)) from None
    return str(file)


def _named(where: str) -> str:
    file = PROJECT / where
    try:
        found = file.read_bytes()
    except OSError as error:
        raise AuthoritiesError(
            f"certificate authorities {where}: {error.strerror}; name a file in PEM format"
        ) from None
    if SIGN not in found:
        raise AuthoritiesError(f"certificate authorities {where}: holds no certificate in PEM format")
    return str(file)


def _fetched(where: str) -> bytes:
    import urllib.error  # here, because only who has no fresh file needs them
    import urllib.request

    try:
        with urllib.request.urlopen(where, timeout=LIMIT_S) as answer:  # noqa: S310  # the address is the platform's own
            text = bytes(answer.read(LONGEST))
    except urllib.error.HTTPError as refused:
        refused.close()
        raise AuthoritiesError(f"it answers {refused.code} {refused.reason}") from None
    except OSError as error:
        raise AuthoritiesError(str(error)) from None
    if SIGN not in text:
        raise AuthoritiesError("holds no certificate")
    return text


def _keep(file: Path, text: bytes) -> None:
    """Whole or not at all: several runs may do so at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_bytes(text)
    unfinished.replace(file)


def _by_hand(where: str, file: Path, why: Exception) -> str:
    return (
        f"the certificate authorities of the server could not be fetched from {where}: {why}; fetch them where that "
        f"can be reached and put them at {file}, or name a file of yours in rds.ca_bundle"
    )
