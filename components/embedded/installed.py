"""Which PostgreSQL servers this machine has: Debian's own packages, and what `make trixie` unpacked.

It opens nothing but folders, and imports nothing of Pulumi's: settings are checked against it before anything else.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
SHARED = Path("/var/lib/postgres-platform")
UNPACKED = "postgresql-*-debian-*"  # tools/setup/trixie.py makes it; whole when it holds the file `complete`
TO_BE_UNPACKED = 17
UNPACKED_EXTENSIONS = frozenset({"timescaledb", "vector", "pg_cron", "pgaudit"})


@dataclass(frozen=True)
class Server:
    """A major version's server: the folders of its programs and of its extensions' control files."""

    major: int
    binaries: Path
    extensions: Path

    def offered(self) -> frozenset[str]:
        """The extensions that its packages have."""
        return frozenset(file.stem for file in self.extensions.glob("*.control"))

    def has_community_timescaledb(self) -> bool:
        """Does its TimescaleDB have the part under Timescale's own licence, which no distribution ships?"""
        return any((self.binaries.parent / "lib").glob("timescaledb-tsl-*.so"))


def find(major: int, roots: Sequence[Path] | None = None) -> Server | None:
    """The installed one, else the unpacked one; None when this machine has neither."""
    return next((server for server in servers(roots) if server.major == major), None)


def servers(roots: Sequence[Path] | None = None) -> list[Server]:
    """All of them, in the order in which they are preferred. `roots` are folders with a /usr of their own."""
    return [server for root in (places() if roots is None else roots) for server in _below(root)]


def newest_packaged(root: Path = ROOT) -> int | None:
    """The newest major of Debian's own packages, which a stack gets that names none; None when there is none."""
    return max((server.major for server in _below(root)), default=None)


def places() -> list[Path]:
    """The machine itself, then the unpacked folders that this account may use: its own, then root's."""
    return [ROOT, *(folder for below in kept() for folder in sorted(below.glob(UNPACKED)) if _whole(folder))]


def kept() -> tuple[Path, ...]:
    """Where the set-up keeps programs for every checkout: for root in reach of the servers' account."""
    if os.geteuid() == 0:
        return (SHARED,)
    cache = os.environ.get("XDG_CACHE_HOME")
    return ((Path(cache) if cache else Path.home() / ".cache") / "postgres-platform", SHARED)


def absent(major: int, have: Sequence[int]) -> str:
    """What to say of a major that is not in `have`, and what can be had instead."""
    there = f"it has {', '.join(map(str, have))}" if have else "it has none"
    if major == TO_BE_UNPACKED:
        return f"PostgreSQL {major} is not on this machine ({there}): make up gets it, and so does make trixie"
    can = sorted({*have, TO_BE_UNPACKED})
    named = ", ".join(map(str, can[:-1])) + f" or {can[-1]}" if len(can) > 1 else str(can[0])
    return (
        f"PostgreSQL {major} is not on this machine ({there}). Set major to {named}, or give apt a package "
        f"postgresql-{major} (apt.postgresql.org has it): then make up installs that"
    )


def _below(root: Path) -> list[Server]:
    found = []
    for program in (root / "usr/lib/postgresql").glob("*/bin/postgres"):
        name = program.parts[-3]
        if name.isdigit():
            found.append(Server(int(name), program.parent, root / "usr/share/postgresql" / name / "extension"))
    return sorted(found, key=lambda server: server.major)


def _whole(folder: Path) -> bool:
    return (folder / "complete").is_file()
