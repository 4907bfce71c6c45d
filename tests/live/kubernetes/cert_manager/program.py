"""cert-manager's controllers, built once from its Go module, and run on this machine against a cluster."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from components.patroni.authority import Pair, new_authority
from tests.live.kubernetes.lab import Kubectl, wait_until
from tools.setup.places import cache, digest
from tools.setup.progress import run
from tools.setup.stamps import stamped, write

GO = Path(__file__).parent / "go"
SOURCES = [GO / name for name in ("main.go", "go.mod", "go.sum")]
MODULE = "github.com/cert-manager/cert-manager"
PROGRAM, DEFINITIONS = "cert-manager", "crds"
SETTINGS = {"CGO_ENABLED": "0"}


def ensure() -> Path | None:
    """The folder with the program and its definitions; built once, anew when a pin or our source changes. None without
    Go.
    """
    home = cache() / f"cert-manager-{digest(*SOURCES)}"
    if stamped(home / "complete", home.name):
        return home
    if shutil.which("go") is None:
        return None
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    build = [
        "go",
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-mod=readonly",
        "-ldflags=-s -w",
        "-o",
        str(home / PROGRAM),
    ]
    run("cert-manager", ["nice", "-n", "15", *build, "."], limit=1800, cwd=GO, env=SETTINGS)
    listed = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", MODULE]
    there = subprocess.run(listed, cwd=GO, capture_output=True, text=True, check=True, timeout=120).stdout.strip()
    (home / DEFINITIONS).mkdir()
    for file in (Path(there) / "deploy" / "crds").glob("*.yaml"):
        shutil.copyfile(file, home / DEFINITIONS / file.name)
    write(home / "complete", home.name)
    return home


@contextlib.contextmanager
def running(home: Path, kubectl: Kubectl, log: Path) -> Iterator[None]:
    """While the block runs it signs in the whole cluster; a ClusterIssuer's key lies in the namespace of `kubectl`.

    Definitions that were not there go with it.
    """
    known = kubectl.try_to("get", "crd", "certificates.cert-manager.io", "-o", "name").returncode == 0
    kubectl.run("apply", "--server-side", "-f", str(home / DEFINITIONS))
    kubectl.run("wait", "--for=condition=Established", "-f", str(home / DEFINITIONS), "--timeout=60s", limit=90)
    flags = [f"--kubeconfig={kubectl.kubeconfig}", f"--secrets={kubectl.namespace}"]
    try:
        with log.open("w") as told, subprocess.Popen([home / PROGRAM, *flags], stdout=told, stderr=told) as process:
            try:
                yield
            finally:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(20)
                process.kill()
    finally:
        if not known:
            kubectl.try_to("delete", "-f", str(home / DEFINITIONS), "--ignore-not-found", limit=180)


def issue_from(kubectl: Kubectl, name: str) -> Pair:
    """A ClusterIssuer that signs with a new CA, once it is ready; the CA."""
    pair = new_authority(f"test {name}", datetime.now(UTC))
    data = {"tls.crt": pair.certificate, "tls.key": pair.key}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/tls",
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }
    issuer = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": name},
        "spec": {"ca": {"secretName": name}},
    }
    for part in (secret, issuer):
        kubectl.run("apply", "--server-side", "-f", "-", given=json.dumps(part))
    ready = ("wait", "--for=condition=Ready", f"clusterissuer/{name}", "--timeout=60s")
    kubectl.run(*ready, limit=90)
    return pair


def renew(kubectl: Kubectl, certificate: str) -> None:
    """What `cmctl renew` does: the condition Issuing; returns when a newer certificate lies in the Secret."""
    before = _revision(kubectl, certificate)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    asked = {"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "lastTransitionTime": now}
    plain = json.loads(kubectl.run("get", "certificate", certificate, "-o", "json"))
    kept = [one for one in plain["status"]["conditions"] if one["type"] != "Issuing"]
    patch = json.dumps({"status": {"conditions": [*kept, asked]}})
    kubectl.run("patch", "certificate", certificate, "--subresource=status", "--type=merge", "--patch", patch)
    wait_until(60, f"a newer {certificate}", lambda: "" if _revision(kubectl, certificate) > before else "none")


def _revision(kubectl: Kubectl, certificate: str) -> int:
    plain = json.loads(kubectl.run("get", "certificate", certificate, "-o", "json"))
    return int(plain["status"].get("revision", 0))
