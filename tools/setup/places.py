"""Where things are kept: in the checkout what belongs to it, in the cache what every checkout shares."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
WORK = ROOT / ".pulumi"  # state, passphrase, logs of the set-up
LOG = WORK / "setup.log"

PULUMI_VERSION = "3.255.0"
PATRONI_REQUIREMENTS = ROOT / "tools" / "patroni-requirements.txt"


def cache() -> Path:
    """Shared by all checkouts of this account."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "postgres-platform"


def pulumi_home() -> Path:
    """The folder of the CLI that we installed or built, with the launcher of dynamic providers beside it."""
    return cache() / f"pulumi-{PULUMI_VERSION}"


def patroni_home() -> Path:
    """Patroni's virtual environment: for root where the account `postgres` can reach it, else in the cache.

    Its name carries the Patroni version and the digest of all its pins, so a changed pin is a new folder and running
    members keep theirs. It is whole when it holds the file `complete`.
    """
    base = Path("/var/lib/postgres-platform") if os.geteuid() == 0 else cache()
    version = next(
        line.partition("==")[2].strip()
        for line in PATRONI_REQUIREMENTS.read_text(encoding="utf-8").splitlines()
        if line.startswith("patroni[")
    )
    return base / f"patroni-{version}-{digest(PATRONI_REQUIREMENTS)}"


def digest(*files: Path) -> str:
    """Twelve hexadecimal digits that change with the files' contents."""
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()[:12]
