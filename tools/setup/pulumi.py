"""The Pulumi CLI: the one on PATH if new enough, else the official installer, else built through Go modules, once.

Beside it lies `pulumi-resource-pulumi-python`, the launcher of dynamic providers; official CLIs bring it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.setup.go import MODULES, go_program, module_folder
from tools.setup.places import PULUMI_VERSION, WORK, cache, pulumi_home
from tools.setup.progress import SetupError, run, say
from tools.setup.stamps import write

LAUNCHER = "pulumi-resource-pulumi-python"
OLDEST = tuple(int(part) for part in PULUMI_VERSION.split(".")[:2])
SEEN = WORK / "setup" / "pulumi.json"  # which binaries were asked for their version, so that asking costs nothing
INSTALLER = "https://get.pulumi.com"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
# clipboard: the module that pulumi's own go.mod replaces; a replacement does not reach those who depend on it.
GO_MOD = f"""\
module postgres-platform/pulumi

go 1.25.0

tool {PACKAGE}

require github.com/pulumi/pulumi/pkg/v3 v{PULUMI_VERSION}

replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
"""
LINK = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_VERSION}"


def ensure_pulumi() -> Path:
    """The folder to put first on PATH: it holds `pulumi`, and the launcher unless that is on PATH already."""
    found = usable()
    if found is None:
        _install_or_build()
        found = usable()
    if found is None:
        raise SetupError(f"the Pulumi CLI in {pulumi_home()} does not run; remove that folder and run this again")
    _ensure_launcher(found)
    return found.parent


def usable() -> Path | None:
    """A CLI that is new enough: on PATH, else ours."""
    candidates = [shutil.which("pulumi"), str(pulumi_home() / "pulumi")]
    return next((Path(each) for each in candidates if each and _new_enough(Path(each))), None)


def new_enough(version: str) -> bool:
    """3.255 or a later 3.x; the Python SDK is pinned to that major version."""
    numbers = re.match(r"v?(\d+)\.(\d+)\.", version)
    return numbers is not None and OLDEST <= tuple(map(int, numbers.groups())) < (OLDEST[0] + 1, 0)


def _new_enough(program: Path) -> bool:
    try:
        state = program.stat()
    except OSError:
        return False
    key = f"{program.resolve()} {state.st_size} {state.st_mtime_ns}"
    seen = _seen()
    if key not in seen:
        seen = {**seen, key: _version(program)}
        write(SEEN, json.dumps(seen))
    return new_enough(seen[key])


def _seen() -> dict[str, str]:
    try:
        return dict(json.loads(SEEN.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _version(program: Path) -> str:
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        said = subprocess.run([str(program), "version"], capture_output=True, text=True, timeout=60, env=env)
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""


def _install_or_build() -> None:
    pulumi_home().mkdir(parents=True, exist_ok=True)
    try:
        _install()
    except SetupError:
        say(f"  Pulumi's installer cannot be had here; building Pulumi {PULUMI_VERSION} from source instead")
        _build()


def _install() -> None:
    """The official way, into a scratch folder; the programs are moved into place when all are there."""
    with tempfile.TemporaryDirectory(dir=cache(), prefix="installing-") as scratch:
        script = Path(scratch) / "install.sh"
        fetch = ["curl", "-fsSL", "--connect-timeout", "5", "--max-time", "20", "-o", str(script), INSTALLER]
        run("Pulumi's installer", fetch, limit=30)
        argv = ["sh", str(script), "--version", PULUMI_VERSION, "--install-root", scratch, "--no-edit-path"]
        run(f"Pulumi {PULUMI_VERSION}", argv, limit=900)
        programs = sorted((Path(scratch) / "bin").iterdir(), key=lambda program: program.name == "pulumi")
        for program in programs:  # pulumi itself last: it is what says that the folder is whole
            program.replace(pulumi_home() / program.name)


def _build() -> None:
    go = go_program()
    with tempfile.TemporaryDirectory(dir=cache(), prefix="building-") as scratch:
        folder = Path(scratch)
        (folder / "go.mod").write_text(GO_MOD, encoding="utf-8")
        build = [go, "build", "-trimpath", "-ldflags", LINK, "-o", str(folder / "pulumi"), PACKAGE]
        run(f"building Pulumi {PULUMI_VERSION}, 4 to 8 minutes", build, limit=3600, cwd=folder, env=MODULES)
        (folder / "pulumi").replace(pulumi_home() / "pulumi")


def _ensure_launcher(program: Path) -> None:
    beside = program.resolve().parent / LAUNCHER
    ours = pulumi_home() / LAUNCHER
    if beside.exists() or shutil.which(LAUNCHER) or ours.exists():
        return
    source = module_folder("github.com/pulumi/pulumi/sdk/v3", f"v{PULUMI_VERSION}") / "python" / "dist" / LAUNCHER
    write(ours, source.read_text(encoding="utf-8"), mode=0o755)


def search_path(program_folder: Path) -> list[str]:
    """What goes before PATH; our own folder last, for the launcher."""
    folders = [str(program_folder), str(pulumi_home())]
    return list(dict.fromkeys(folders))
