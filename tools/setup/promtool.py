"""promtool, Prometheus' own checker of rules: unpacked from Debian's package, so that no service comes with it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.setup.places import cache
from tools.setup.progress import SetupError, run
from tools.setup.stamps import stamped, write

PACKAGE = "prometheus"
LIMIT_S = 300.0


def ensure_promtool() -> Path:
    """The program: the machine's own, else one in the cache. Raises SetupError where there is neither nor an apt."""
    if found := shutil.which("promtool"):
        return Path(found)
    home = cache() / "promtool"
    program = home / "usr" / "bin" / "promtool"
    if stamped(home / "complete", PACKAGE) and program.is_file():
        return program
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise SetupError("promtool is missing, and this is no Debian-like system: put Prometheus' own on PATH")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    # The -o: as root apt would have another account write here, which may not.
    run(
        "promtool",
        ["sh", "-c", f"cd '{home}' && apt-get -q -o APT::Sandbox::User=root download {PACKAGE}"],
        limit=LIMIT_S,
    )
    package = next(home.glob(f"{PACKAGE}_*.deb"))
    run("unpacking promtool", ["dpkg-deb", "-x", str(package), str(home)], limit=LIMIT_S)
    package.unlink()
    (home / "usr" / "bin" / "prometheus").unlink()
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=60)
    if said.returncode != 0:
        raise SetupError(f"the unpacked promtool does not run: {said.stderr.strip()}")
    write(home / "complete", PACKAGE)
    return program
