"""The command line: `python -m tools.judges`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tools.judges import programs
from tools.judges.finding import Waived, verdict
from tools.judges.judge import IN_GO, judged
from tools.setup.places import ROOT
from tools.setup.progress import SetupError

EXCEPTIONS = ROOT / "k8s" / "exceptions.yaml"
FOLDER = ROOT / "k8s"
WITH_ETCD = ("monitoring", "backup")
WITHOUT_ETCD = (*WITH_ETCD, "election-kubernetes", "election-kubernetes/archiving")
SETS = (WITH_ETCD, WITHOUT_ETCD)


def rendered(parts: Sequence[str] = WITH_ETCD) -> list[dict[str, Any]]:
    """Every object of k8s/ with these parts of it added, which is all that goes together."""
    with tempfile.TemporaryDirectory() as scratch:
        plain = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [os.path.relpath(FOLDER, scratch)],
            "components": [os.path.relpath(FOLDER / part, scratch) for part in parts],
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
        said = verdict([finding for parts in SETS for finding in judged(rendered(parts))], exceptions())
        if programs.of_go() is None:
            print(f"Go is not installed: {', '.join(sorted(IN_GO))} took no part", file=sys.stderr)
    except SetupError as error:
        said = [str(error)]
    for line in said:
        print(line)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
