"""Each judge: what it is told, and what it says of the objects."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from tools.judges import programs, schemas
from tools.judges.finding import Finding
from tools.setup.progress import SetupError

Objects = Sequence[dict[str, Any]]
OLDEST, NEWEST = "1.30", "1.37"  # of the versions whose schemas are at hand: what the manifests are for
LEVEL = ("restricted", "latest")
WELL = 10  # kube-score's grade of a check that has nothing to say
OF_OPERATORS = {"PodMonitor", "PrometheusRule"}  # no schema of Kubernetes' own knows them
LIMIT_S = 300


def by_schema(objects: Objects) -> list[Finding]:
    """kubernetes-validate's findings, by the oldest and the newest version."""
    program = programs.of_python() / "bin" / "kubernetes-validate"
    said = []
    with _file(objects) as file:
        for version in (OLDEST, NEWEST):
            done = _run(str(program), "--strict", "-k", version, file.name)
            if done.returncode != 0:
                said += [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("INFO")]
    return [Finding("kubernetes-validate", "schema", "objects", line) for line in said if line.strip()]


def by_kubeconform(objects: Objects) -> list[Finding]:
    """kubeconform's findings, by the same schemas; nothing without Go."""
    home = programs.of_go()
    if home is None:
        return []
    found = []
    for version in (OLDEST, NEWEST):
        with _file(objects) as file, tempfile.TemporaryDirectory() as folder:
            place = schemas.written(programs.of_python(), version, list(objects), Path(folder))
            done = _run(
                str(home / programs.KUBECONFORM), "-strict", "-output", "json", "-kubernetes-version", f"{version}.0",
                "-schema-location", place, file.name,
            )  # fmt: skip
        for one in _json(done, "kubeconform")["resources"]:
            found.append(Finding("kubeconform", version, f"{one['kind']}/{one['name']}", one["msg"]))
    return found


def by_pod_security(objects: Objects) -> list[Finding]:
    """What the API server would refuse in a namespace that enforces `restricted`; nothing without Go."""
    home = programs.of_go()
    if home is None:
        return []
    with _file(objects) as file:
        done = _run(str(home / programs.POD_SECURITY), *LEVEL, file.name)
    return [Finding("pod-security", **one) for one in _json(done, "Pod Security's evaluator")]


def by_checkov(objects: Objects) -> list[Finding]:
    program = programs.of_python() / "bin" / "checkov"
    with _file(objects) as file:
        done = _run(str(program), "-f", file.name, "--framework", "kubernetes", "--skip-download", "-o", "json")
    return [
        Finding("checkov", one["check_id"], one["resource"].replace(".", "/"), one["check_name"])
        for one in _json(done, "checkov")["results"]["failed_checks"]
    ]


def by_kube_score(objects: Objects) -> list[Finding]:
    """kube-score's findings; nothing without Go."""
    home = programs.of_go()
    if home is None:
        return []
    with _file(objects) as file:
        words = ("score", "-o", "json", "--kubernetes-version", f"v{NEWEST}")
        done = _run(str(home / programs.KUBE_SCORE), *words, file.name)
    return [
        Finding("kube-score", check["check"]["id"], scored["object_name"], comment["summary"])
        for scored in _json(done, "kube-score")
        for check in scored["checks"] or []
        if not check["skipped"] and check["grade"] < WELL
        for comment in check["comments"] or []
    ]


IN_GO = frozenset({"kubeconform", "pod-security", "kube-score"})
JUDGES: dict[str, Callable[[Objects], list[Finding]]] = {
    "kubernetes-validate": by_schema,
    "kubeconform": by_kubeconform,
    "pod-security": by_pod_security,
    "checkov": by_checkov,
    "kube-score": by_kube_score,
}


def judged(objects: Objects, judges: Sequence[str] = tuple(JUDGES)) -> list[Finding]:
    """What the judges say against these objects. Raises SetupError for a judge that says nothing of use."""
    plain = [one for one in objects if one["kind"] not in OF_OPERATORS]
    return [finding for name in judges for finding in JUDGES[name](plain)]


def _file(objects: Objects) -> tempfile._TemporaryFileWrapper[str]:
    """A file of them all, for as long as it is open."""
    file = tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8")  # noqa: SIM115  the caller closes it
    yaml.safe_dump_all(objects, file)
    file.flush()
    return file


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def _json(done: subprocess.CompletedProcess[str], who: str) -> Any:
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise SetupError(f"{who} said nothing of use: {(done.stderr or done.stdout)[:300]}") from None
