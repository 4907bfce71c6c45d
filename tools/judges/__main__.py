"""The command line: `python -m tools.judges`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tools.judges import programs
from tools.judges.finding import Waived, verdict
from tools.judges.judge import IN_GO, judged
from tools.setup.places import ROOT
from tools.setup.progress import SetupError

EXCEPTIONS = ROOT / "k8s" / "exceptions.yaml"
FOLDER, PARTS = ROOT / "k8s", (ROOT / "k8s" / "monitoring", ROOT / "k8s" / "backup")


def rendered() -> list[dict[str, Any]]:
    """Every object of k8s/ with all that may be added to it."""
    with tempfile.TemporaryDirectory() as scratch:
        plain = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [os.path.relpath(FOLDER, scratch)],
            "components": [os.path.relpath(part, scratch) for part in PARTS],
        }
        (Path(scratch) / "kustomization.yaml").write_text(json.dumps(plain), encoding="utf-8")
        done = subprocess.run(["kubectl", "kustomize", scratch], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise SetupError(f"kubectl kustomize {FOLDER}: {done.stderr.strip()}")
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def exceptions() -> list[Waived]:
    """Those for the judges that are here."""
    given = [Waived(**one) for one in yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))]
    return [one for one in given if one.judge not in IN_GO or programs.of_go()]


def main() -> int:
    try:
        said = verdict(judged(rendered()), exceptions())
        if programs.of_go() is None:
            print(f"Go is not installed: {', '.join(sorted(IN_GO))} took no part", file=sys.stderr)
    except SetupError as error:
        said = [str(error)]
    for line in said:
        print(line)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
