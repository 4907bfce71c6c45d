"""PostgreSQL 17 with TimescaleDB and pgvector on a Debian 12 machine: Debian 13's packages, unpacked into a folder.

Nothing of it is installed on the machine, and neither making nor using it takes root. Its programs are told, once, to
load Debian 13's C library and all others from the folder; they find their share files from where they lie. So they run
like any others, without a chroot or a wrapper, and what they start themselves sees the machine's own libraries.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.setup import apt
from tools.setup.places import cache
from tools.setup.progress import SetupError, run, say
from tools.setup.stamps import stamped, write

SUITE = "trixie"
MAJOR = 17
NAME = f"postgresql-{MAJOR}-debian-13"
PACKAGES = (
    "patchelf",
    *(f"postgresql-{MAJOR}{extension}" for extension in ("", "-cron", "-pgaudit", "-pgvector", "-timescaledb")),
)
PROGRAMS = f"usr/lib/postgresql/{MAJOR}/bin"
MODULES = f"usr/lib/postgresql/{MAJOR}/lib"
LOADERS = "usr/lib/*/ld-linux*.so.*"  # beside the C library, in the folder of the machine's architecture
SHARED = Path("/var/lib/postgres-platform")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ASK = f"PostgreSQL {MAJOR} with TimescaleDB and pgvector is not here; make trixie unpacks it"
RENEW = "--renew"
LIMIT_S, STEP_LIMIT_S = 1800.0, 120.0
ELF = b"\x7fELF"


def home() -> Path:
    """Where this account unpacks it: root where the servers' account can reach it, others in their cache."""
    return (SHARED if os.geteuid() == 0 else cache()) / NAME


def found() -> Path | None:
    """The folder that is whole: this account's own, else root's; None when there is none."""
    return next((folder for folder in (home(), SHARED / NAME) if _whole(folder)), None)


def binaries() -> Path | None:
    """The server's programs; None when they are not here."""
    folder = found()
    return folder / PROGRAMS if folder else None


def ensure_trixie(arguments: Sequence[str] = ()) -> None:
    """Makes the folder unless one is there: 420 MB, a minute at most with a good network.

    Another list of packages makes it anew, and so does --renew, for Debian's security updates; servers that run have
    the new version after their next restart. Raises SetupError with what to do.
    """
    if found() is not None and RENEW not in arguments:
        return
    if shutil.which("mmdebstrap") is None:
        apt.install(["mmdebstrap"], f"mmdebstrap (unpacks PostgreSQL {MAJOR}; or let root run make trixie once)")
    scratch, final = home().with_name(f".{NAME}"), home()
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    # The servers' account must be able to read it, whatever the person's own habit.
    habit = os.umask(0o022)
    try:
        run(f"Debian 13's PostgreSQL {MAJOR}", command(scratch, mirror()), limit=LIMIT_S)
    finally:
        os.umask(habit)
    scratch.chmod(0o755)
    _settle(scratch, final)
    _put(scratch, final)
    said = run("a look at it", [str(final / PROGRAMS / "postgres"), "--version"], limit=STEP_LIMIT_S)
    if f" {MAJOR}." not in said:
        raise SetupError(f"the unpacked server calls itself {said.strip()!r}, not PostgreSQL {MAJOR}")
    write(final / "complete", content())


def trixie_for_tests() -> None:
    """The same, but a machine that cannot have it is no error: those tests are skipped."""
    try:
        ensure_trixie()
    except SetupError as error:
        say(f"  PostgreSQL {MAJOR} with TimescaleDB, for some tests, cannot be had here: {error}")


def content() -> str:
    """What the folder is made of; another text makes it anew."""
    return f"{SUITE} {' '.join(PACKAGES)}\n"


def command(scratch: Path, mirror: str) -> list[str]:
    """`extract` runs none of the packages' scripts, so nothing is set up or started, and `chrootless` needs no root."""
    options = ["--mode=chrootless", "--variant=extract", f"--include={','.join(PACKAGES)}", f"--keyring={KEYRING}"]
    return ["mmdebstrap", *options, "--aptopt=APT::Install-Recommends false", SUITE, str(scratch), mirror]


def patches(
    scratch: Path, final: Path, loader: Path, programs: Sequence[str], libraries: Sequence[str]
) -> list[list[str]]:
    """What makes everything in `scratch` load from `final`, where it will lie; paths are relative to the folder.

    DT_RPATH (--force-rpath) of a program holds for all that it loads, later too, unless a library has a path of its
    own: those in `libraries` are given the same one.
    """
    patchelf = _patchelf(scratch, loader)
    path = ["--force-rpath", "--set-rpath", str(final / loader.parent)]
    made = [[*patchelf, "--set-interpreter", str(final / loader), *path, *(str(scratch / one) for one in programs)]]
    if libraries:
        made.append([*patchelf, *path, *(str(scratch / one) for one in libraries)])
    return made


def _put(scratch: Path, final: Path) -> None:
    """In the place of an older one; servers that run from it find what they load later in the new one."""
    older = final.with_name(f".{NAME}.older")
    shutil.rmtree(older, ignore_errors=True)
    if final.exists():
        final.rename(older)
    scratch.rename(final)
    shutil.rmtree(older, ignore_errors=True)


def _settle(scratch: Path, final: Path) -> None:
    loaders = sorted(one.relative_to(scratch) for one in scratch.glob(LOADERS))
    if len(loaders) != 1:
        raise SetupError(f"Debian 13's packages hold {len(loaders)} loaders for programs, not one: {loaders}")
    loader = loaders[0]
    programs = _elf(scratch, (scratch / PROGRAMS).iterdir())
    libraries = _elf(scratch, [*(scratch / loader.parent).glob("*.so*"), *(scratch / MODULES).glob("*.so")])
    own = _with_a_path(scratch, loader, libraries)
    for argv in patches(scratch, final, loader, programs, own):
        _asked(argv)


def _patchelf(scratch: Path, loader: Path) -> list[str]:
    """Debian 13's own, by its own loader: the machine need not have one."""
    libraries = str(scratch / loader.parent)
    return [str(scratch / loader), "--library-path", libraries, str(scratch / "usr/bin/patchelf")]


def _elf(scratch: Path, files: Iterable[Path]) -> list[str]:
    """Programs and libraries among the files, links left out."""
    return sorted(
        str(one.relative_to(scratch)) for one in files if one.is_file() and not one.is_symlink() and _starts(one) == ELF
    )


def _starts(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(len(ELF))


def _with_a_path(scratch: Path, loader: Path, libraries: Sequence[str]) -> list[str]:
    """The libraries that say themselves where theirs are."""
    said = _asked(
        [*_patchelf(scratch, loader), "--print-rpath", *(str(scratch / one) for one in libraries)]
    ).splitlines()
    return [name for name, path in zip(libraries, said, strict=True) if path]


def _asked(argv: Sequence[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=STEP_LIMIT_S)
    if done.returncode != 0:
        raise SetupError(f"Debian 13's PostgreSQL {MAJOR} cannot be made to run here: {done.stderr.strip()[-500:]}")
    return done.stdout


def _whole(folder: Path) -> bool:
    return stamped(folder / "complete", content())


def mirror() -> str:
    """The very mirror that this machine's own Debian packages come from."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    mirrors = done.stdout.split()
    if not mirrors:
        raise SetupError("apt knows no Debian mirror on this machine; run apt-get update, or use a Debian machine")
    return mirrors[0]
