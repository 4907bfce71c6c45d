"""A PostgreSQL of this machine that lets a master without superuser create what RDS lets its own create.

RDS's build takes the extensions in rds.extensions as trusted ones. PostgreSQL has the same word in an extension's
control file, so the server gets a copy of its programs beside control files that say it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.access.scratch import packaged, scratch_server
from tools.setup.majors import programs

ALLOWED = ("pgcrypto", "pg_stat_statements")


def major() -> int:
    """17, which RDS has by default, where this machine has it."""
    return 17 if programs(17) else packaged()


@contextmanager
def rds_server() -> Iterator[Path]:
    """The folder of the running server's socket."""
    root = Path(tempfile.mkdtemp(prefix="rds-programs-"))
    try:
        yield from _serving(_copied(programs(major()), root))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _serving(binaries: Path) -> Iterator[Path]:
    with scratch_server(major(), binaries) as folder:
        yield folder


def _copied(binaries: Path | None, root: Path) -> Path:
    """bin and share side by side as they were, since a server finds its files by where its program lies."""
    assert binaries is not None
    share = _share(binaries)
    above = Path(os.path.commonpath([binaries, share]))
    for folder in (binaries, share):
        shutil.copytree(folder, root / folder.relative_to(above), symlinks=True)
    library = binaries.parent / "lib"
    (root / library.relative_to(above)).symlink_to(library)
    for name in ALLOWED:
        (control,) = (root / share.relative_to(above)).rglob(f"{name}.control")
        control.write_text(control.read_text() + "trusted = true\n")
    root.chmod(0o755)
    return root / binaries.relative_to(above)


def _share(binaries: Path) -> Path:
    """Of the packages of Debian, or of an archive that has all in one folder."""
    own = binaries.parent / "share"
    return own if own.is_dir() else Path("/usr/share/postgresql") / binaries.parent.name
