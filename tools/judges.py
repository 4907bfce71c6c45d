"""Other people's judges on k8s/: `python -m tools.judges`; exit code 1 for what k8s/exceptions.yaml does not list.

kubernetes-validate compares with Kubernetes' own schemas, checkov with its rules for workloads; both work offline.
kube-score takes part where it is installed (go install github.com/zegl/kube-score/cmd/kube-score@latest).
The Pod Security Standard is judged by the API server itself: the namespace enforces it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.setup.places import ROOT, cache, digest
from tools.setup.progress import SetupError, run
from tools.setup.stamps import stamped, write

REQUIREMENTS = ROOT / "tools" / "judges-requirements.txt"
EXCEPTIONS = ROOT / "k8s" / "exceptions.yaml"
KUBERNETES = "1.34"
SCORE, WELL = "kube-score", 10  # the grade of a check that has nothing to say
OF_OPERATORS = {"PodMonitor", "PrometheusRule"}  # no schema of Kubernetes' own knows them


@dataclass(frozen=True, order=True)
class Finding:
    """What a judge says against an object."""

    judge: str
    rule: str
    object: str
    text: str

    def __str__(self) -> str:
        return f"{self.judge} {self.rule} on {self.object}: {self.text}"


@dataclass(frozen=True)
class Waived:
    """An exception of k8s/exceptions.yaml; `objects` is "all" or the name of one."""

    judge: str
    rule: str
    objects: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        name = finding.object.rpartition("/")[2]
        return (finding.judge, finding.rule) == (self.judge, self.rule) and self.objects in ("all", name)


def environment() -> Path:
    """The folder of the judges' programs; made once, and anew when a pin changes."""
    home = cache() / f"judges-{digest(REQUIREMENTS)}"
    if not stamped(home / "complete", home.name):
        shutil.rmtree(home, ignore_errors=True)
        run("the judges' environment", [sys.executable, "-m", "venv", str(home)], limit=180)
        run("the judges", [str(home / "bin" / "pip"), "install", "--quiet", "-r", str(REQUIREMENTS)], limit=1800)
        write(home / "complete", home.name)
    return home / "bin"


def rendered(folder: Path) -> list[dict[str, Any]]:
    """Every object of a kustomization."""
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise SetupError(f"kubectl kustomize {folder}: {done.stderr.strip()}")
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def schema_findings(programs: Path, file: Path) -> list[Finding]:
    done = subprocess.run(
        [str(programs / "kubernetes-validate"), "--strict", "-k", KUBERNETES, str(file)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode == 0:
        return []
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("INFO")]
    return [Finding("kubernetes-validate", "schema", file.name, line) for line in said if line.strip()]


def checkov_findings(programs: Path, file: Path) -> list[Finding]:
    command = [str(programs / "checkov"), "-f", str(file), "--framework", "kubernetes", "--skip-download", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    try:
        results = json.loads(done.stdout)["results"]
    except (ValueError, KeyError, TypeError):
        raise SetupError(f"checkov said nothing of use: {(done.stderr or done.stdout)[:300]}") from None
    return [
        Finding("checkov", one["check_id"], one["resource"].replace(".", "/"), one["check_name"])
        for one in results["failed_checks"]
    ]


def score_findings(file: Path) -> list[Finding]:
    """kube-score's, which is a program in Go; nothing where it is not installed."""
    if shutil.which(SCORE) is None:
        return []
    command = [SCORE, "score", "-o", "json", "--kubernetes-version", f"v{KUBERNETES}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return [
        Finding(SCORE, check["check"]["id"], scored["object_name"], comment["summary"])
        for scored in json.loads(done.stdout)
        for check in scored["checks"] or []
        if not check["skipped"] and check["grade"] < WELL
        for comment in check["comments"] or []
    ]


def verdict(findings: Iterable[Finding], waived: Sequence[Waived]) -> list[str]:
    """What is neither right nor excepted, and exceptions that nobody asks for."""
    found = sorted(set(findings))
    open_ones = [str(one) for one in found if not any(exception.covers(one) for exception in waived)]
    unused = [one for one in waived if not any(one.covers(finding) for finding in found)]
    return open_ones + [
        f"k8s/exceptions.yaml: {one.judge} {one.rule} on {one.objects} is asked for no more" for one in unused
    ]


def judge(objects: Sequence[dict[str, Any]]) -> list[Finding]:
    """What the judges say against these objects."""
    programs = environment()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "objects.yaml"
        file.write_text(
            yaml.safe_dump_all([one for one in objects if one["kind"] not in OF_OPERATORS]), encoding="utf-8"
        )
        return schema_findings(programs, file) + checkov_findings(programs, file) + score_findings(file)


def exceptions() -> list[Waived]:
    """Those for the judges that are here."""
    given = [Waived(**one) for one in yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))]
    return [one for one in given if one.judge != SCORE or shutil.which(SCORE) is not None]


def main() -> int:
    try:
        said = verdict(judge(rendered(ROOT / "k8s")), exceptions())
    except SetupError as error:
        said = [str(error)]
    for line in said:
        print(line)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
