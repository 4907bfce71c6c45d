"""Debian packages: installed when we may, else one message with the exact command. No service is started."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools.setup.progress import SetupError, run

LIMIT = 1200.0
LISTS = Path("/var/lib/apt/lists")
# RUNLEVEL=1 keeps invoke-rc.d from starting services: their ports and data belong to the cluster, not to the package.
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1", "NEEDRESTART_MODE": "l"}


def install(packages: list[str], what: str) -> None:
    """Raises SetupError with the command when this account may not, or apt fails."""
    prefix = _privilege()
    if shutil.which("apt-get") is None:
        raise SetupError(
            f"{what} is missing, and this is no Debian-like system: install it with the system's own means"
        )
    if prefix is None:
        raise SetupError(f"{what} is missing and needs root: {command(packages)}")
    if not any(LISTS.glob("*Packages*")):
        run("list of packages", [*prefix, "apt-get", "update", "-q"], limit=LIMIT)
    argv = [*prefix, "env", *(f"{key}={value}" for key, value in QUIET.items()), "apt-get", *_options(packages)]
    try:
        run(f"{what} ({' '.join(packages)})", argv, limit=LIMIT)
    except SetupError as error:
        _recover(prefix, argv, packages, what, str(error))


def _recover(prefix: list[str], argv: list[str], packages: list[str], what: str, reason: str) -> None:
    """Once more after what usually helps: an interrupted dpkg is finished, the lists are fetched again."""
    if "dpkg --configure -a" in reason:
        run("finishing an interrupted dpkg", [*prefix, "dpkg", "--configure", "-a"], limit=LIMIT)
    run("list of packages", [*prefix, "apt-get", "update", "-q"], limit=LIMIT)
    try:
        run(f"{what}, once more", argv, limit=LIMIT)
    except SetupError as error:
        raise SetupError(f"{error}\n  by hand: {command(packages)}") from None


def _options(packages: list[str]) -> list[str]:
    # A lock held by somebody else's apt is waited for, within a limit.
    return ["install", "-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", *packages]


def command(packages: list[str]) -> str:
    """What a person types to do the same."""
    return f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def known(package: str) -> bool:
    """Does apt have a version of it to install?"""
    if shutil.which("apt-cache") is None:
        return False
    found = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, timeout=60)
    return "Candidate:" in found.stdout and "Candidate: (none)" not in found.stdout


def allowed() -> bool:
    """May this account install packages without being asked for a password?"""
    return shutil.which("apt-get") is not None and _privilege() is not None


def _privilege() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, timeout=30).returncode == 0:
        return ["sudo", "-n"]
    return None


def as_root() -> list[str]:
    """What goes before a command that needs root; only after `allowed()`."""
    return _privilege() or []
