"""PostgreSQL 17 with TimescaleDB and pgvector on a Debian 12 machine: Debian 13's packages, unpacked into a folder.

Nothing of it is installed on the machine. Its programs run in a chroot, so root is needed to make it and to use it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.setup import apt
from tools.setup.progress import SetupError, run
from tools.setup.stamps import stamped, write

SUITE = "trixie"
MAJOR = 17
BINARIES = f"/usr/lib/postgresql/{MAJOR}/bin"  # within the folder
PACKAGES = (
    *("base-files", "coreutils", "dash", "libc-bin", "tzdata"),
    *(f"postgresql-{MAJOR}{extension}" for extension in ("", "-cron", "-pgaudit", "-pgvector", "-timescaledb")),
)
LIMIT_S = 1800.0
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ASK = f"PostgreSQL {MAJOR} with TimescaleDB and pgvector is not here; get it as root: make trixie"


def root() -> Path:
    """The folder; whole when it holds the file `complete`. All accounts can reach it: servers do not run as root."""
    return Path("/var/lib/postgres-platform") / SUITE


def ready() -> bool:
    """Is it there, from this very list of packages, and may this account use it?"""
    return os.geteuid() == 0 and stamped(root() / "complete", _content())


def ensure_trixie() -> None:
    """Makes the folder unless it is there: 450 MB, up to some minutes. Raises SetupError with what to do."""
    if stamped(root() / "complete", _content()):
        return
    if os.geteuid() != 0:
        raise SetupError(f"only root can unpack {SUITE}'s packages and run them in a chroot: sudo make trixie")
    if shutil.which("mmdebstrap") is None:
        apt.install(["mmdebstrap"], "mmdebstrap")
    account = _account()
    scratch = root().with_name(f".{SUITE}")
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.rmtree(root(), ignore_errors=True)
    scratch.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    run(f"{SUITE}'s PostgreSQL {MAJOR}", _command(scratch, mirror()), limit=LIMIT_S)
    # The server asks who it is, and who speaks to it by its socket.
    accounts = [f"{one.pw_name}:x:{one.pw_uid}:{one.pw_gid}::/:/bin/sh\n" for one in (pwd.getpwuid(0), account)]
    (scratch / "etc" / "passwd").write_text("".join(accounts))
    for folder in (scratch, scratch / "tmp"):
        folder.chmod(0o1777 if folder.name == "tmp" else 0o755)
    found = run("a look at it", ["chroot", str(scratch), f"{BINARIES}/postgres", "--version"], limit=60)
    if f" {MAJOR}." not in found:
        raise SetupError(f"the unpacked server calls itself {found.strip()!r}, not PostgreSQL {MAJOR}")
    scratch.rename(root())
    write(root() / "complete", _content())


def inside(account: pwd.struct_passwd, argv: Sequence[str]) -> list[str]:
    """A command that runs in the folder, as that account; it replaces chroot's process, so signals reach it."""
    return ["chroot", f"--userspec={account.pw_uid}:{account.pw_gid}", str(root()), *argv]


def _content() -> str:
    return f"{SUITE} {' '.join(PACKAGES)}\n"


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise SetupError(
            f"there is no account postgres, which runs the servers: {apt.command(['postgresql-common'])}"
        ) from None


def _command(scratch: Path, mirror: str) -> list[str]:
    """`extract` runs none of the packages' scripts: nothing is set up, nothing is started."""
    options = ["--mode=root", "--variant=extract", f"--include={','.join(PACKAGES)}", f"--keyring={KEYRING}"]
    return ["mmdebstrap", *options, "--aptopt=APT::Install-Recommends false", SUITE, str(scratch), mirror]


def mirror() -> str:
    """The very mirror that this machine's own Debian packages come from."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    mirrors = done.stdout.split()
    if not mirrors:
        raise SetupError("apt knows no Debian mirror on this machine; run apt-get update, or use a Debian machine")
    return mirrors[0]
