"""The judges' programs: made once, kept in the cache by the digest of their pins."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tools.setup.places import cache, digest
from tools.setup.progress import run, say
from tools.setup.stamps import stamped, write

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
GO, SCORE = HERE / "go", HERE / "go" / "score"
SOURCES = [GO / "main.go", *(folder / name for folder in (GO, SCORE) for name in ("go.mod", "go.sum"))]
POD_SECURITY, KUBECONFORM, KUBE_SCORE = "podsecurity", "kubeconform", "kube-score"
BUILDS = (
    (GO, POD_SECURITY, "."),
    (GO, KUBECONFORM, "github.com/yannh/kubeconform/cmd/kubeconform"),
    (SCORE, KUBE_SCORE, "github.com/zegl/kube-score/cmd/kube-score"),
)


def of_python() -> Path:
    """The virtual environment's folder; made once, and anew when a pin changes."""
    home = cache() / f"judges-{digest(REQUIREMENTS)}"
    if not stamped(home / "complete", home.name):
        shutil.rmtree(home, ignore_errors=True)
        run("the judges' environment", [sys.executable, "-m", "venv", str(home)], limit=180)
        run("the judges", [str(home / "bin" / "pip"), "install", "--quiet", "-r", str(REQUIREMENTS)], limit=1800)
        write(home / "complete", home.name)
    return home


def of_go() -> Path | None:
    """The folder of the programs in Go; built once, and anew when a pin or our source changes. None without Go."""
    home = cache() / f"judges-go-{digest(*SOURCES)}"
    if stamped(home / "complete", home.name):
        return home
    if shutil.which("go") is None:
        return None
    say("the judges in Go are built: 1 to 5 minutes, once")
    shutil.rmtree(home, ignore_errors=True)
    for folder, name, package in BUILDS:
        command = ["go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-o", str(home / name), package]
        run(name, command, limit=1800, cwd=folder, env={"CGO_ENABLED": "0"})
    write(home / "complete", home.name)
    return home
