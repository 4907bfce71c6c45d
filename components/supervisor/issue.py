"""Makes the certificates of a cluster that nobody else makes them for, as Secrets; and renews them.

    NAMESPACE=postgres-main [LEFT_OUT="etcd-tls ..."] python3 -m supervisor.issue

Run by the Job and the CronJob of k8s/certificates.yaml with a token that opens nothing but these Secrets. The key of
the authority is in `ca-key`, which no pod mounts; its certificate in `ca`. A second run changes nothing that is good; a
run that was killed is finished by the next.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
MEMBERS = 5  # as many as a cluster may have, so that one more needs no new certificate
AUTHORITY_DAYS, DAYS, RENEWED_AT_DAYS = 3650, 90, 30  # renewed after two thirds
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

Secret = dict[str, str]


def services(namespace: str, *names: str) -> list[str]:
    """Every form in which a Service or a pod of one is called."""
    ends = ("", f".{namespace}", f".{namespace}.svc", f".{namespace}.svc.cluster.local")
    return [f"{name}{end}" for name in names for end in ends]


def leaves(namespace: str) -> Mapping[str, tuple[str, list[str]]]:
    """Secret -> (common name, names of a server). A part that only logs in has no name but its own."""
    nodes = services(namespace, *(f"etcd-{number}.etcd" for number in range(MEMBERS)), "etcd")
    members = services(namespace, *(f"pg-{number}.pg" for number in range(MEMBERS)), "pg", "pg-rw", "pg-ro")
    return {
        "etcd-tls": ("etcd", nodes),
        "pg-tls": ("pg", members),
        "gateway-tls": ("gateway", services(namespace, "pg-pool", "pg-pool-ro")),
        "replicator-tls": ("replicator", []),
        "rewind-tls": ("rewind", []),
        "pgbouncer-tls": ("pgbouncer", []),
        "admin-tls": ("postgres", []),
        "backup-tls": ("backup", []),
    }


class Api:
    """The Secrets of our namespace."""

    def __init__(self, namespace: str) -> None:
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        self._url = f"https://{host}:{port}/api/v1/namespaces/{namespace}/secrets"
        self._context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))

    def get(self, name: str) -> Secret | None:
        """The Secret's content; None when there is none."""
        try:
            plain = self._call("GET", f"/{name}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        return {key: base64.b64decode(value).decode() for key, value in (plain.get("data") or {}).items()}

    def put(self, name: str, kind: str, content: Secret, there: bool) -> None:
        """Makes it, or replaces what is in it."""
        data = {key: base64.b64encode(value.encode()).decode() for key, value in content.items()}
        if there:
            self._call("PATCH", f"/{name}", {"data": data})
            return
        labels = {"app.kubernetes.io/part-of": "postgres-platform", "app.kubernetes.io/component": "certificates"}
        metadata = {"name": name, "labels": labels}
        self._call("POST", "", {"kind": "Secret", "apiVersion": "v1", "type": kind, "metadata": metadata, "data": data})

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        text = None if body is None else json.dumps(body).encode()
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        token = (ACCOUNT / "token").read_text(encoding="utf-8")  # read each time: kubelet renews it
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        request = urllib.request.Request(self._url + path, text, headers, method=method)  # noqa: S310  https, as above
        with urllib.request.urlopen(request, timeout=15, context=self._context) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
            return answer


def say(message: str) -> None:
    """One line in the container's log."""
    sys.stdout.write(f"certificates: {message}\n")


def openssl(*words: str, also_false: bool = False) -> bool:
    """Runs it; raises RuntimeError with what it said, unless a refusal is an answer too."""
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=60)
    if done.returncode != 0 and not also_false:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr.strip()}")
    return done.returncode == 0


def new_authority(folder: Path, namespace: str) -> None:
    """ca.crt and ca.key in that folder."""
    usage = (
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
        "-addext",
        "basicConstraints=critical,CA:TRUE,pathlen:0",
    )
    out = ("-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.crt")
    openssl(
        "req",
        "-x509",
        *CURVE,
        *out,
        "-subj",
        f"/CN=postgres-platform {namespace}",
        "-days",
        str(AUTHORITY_DAYS),
        *usage,
    )


def new_leaf(folder: Path, common_name: str, names: list[str]) -> Secret:
    """A certificate of the authority in that folder, as a server and as a client."""
    request, key, made, extensions = (folder / name for name in ("leaf.csr", "leaf.key", "leaf.crt", "leaf.ext"))
    openssl("req", "-new", *CURVE, "-keyout", str(key), "-out", str(request), "-subj", f"/CN={common_name}")
    alternative = ",".join([f"DNS:{name}" for name in [*names, "localhost"]] + ["IP:127.0.0.1"])
    lines = [
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature,keyAgreement",
        "extendedKeyUsage=serverAuth,clientAuth",
        "authorityKeyIdentifier=keyid",
        f"subjectAltName={alternative}",
    ]
    extensions.write_text("\n".join(lines), encoding="utf-8")
    signer = ("-CA", f"{folder}/ca.crt", "-CAkey", f"{folder}/ca.key")
    life = ("-days", str(DAYS), "-extfile", str(extensions))
    openssl("x509", "-req", "-in", str(request), *signer, *life, "-out", str(made))
    return {"tls.crt": made.read_text(), "tls.key": key.read_text(), "ca.crt": (folder / "ca.crt").read_text()}


def is_good(folder: Path, content: Secret, names: list[str]) -> bool:
    """Signed by this authority, for all these names, and not due yet."""
    if not content.get("tls.crt") or not content.get("tls.key"):
        return False
    certificate = folder / "look.crt"
    certificate.write_text(content["tls.crt"], encoding="utf-8")
    if not openssl("verify", "-CAfile", f"{folder}/ca.crt", str(certificate), also_false=True):
        return False
    due = str(RENEWED_AT_DAYS * 86400)
    if not openssl("x509", "-in", str(certificate), "-noout", "-checkend", due, also_false=True):
        return False
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(certificate), "-noout", "-ext", "subjectAltName"],
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    has = {word.strip().removeprefix("DNS:") for word in shown.replace("\n", ",").split(",")}
    return set(names) <= has


def the_authority(api: Api, folder: Path, namespace: str) -> None:
    """ca.crt and ca.key in that folder: those of the Secret, or new ones, which are kept there first."""
    kept = api.get("ca-key")
    if kept is None:
        new_authority(folder, namespace)
        content = {"tls.crt": (folder / "ca.crt").read_text(), "tls.key": (folder / "ca.key").read_text()}
        api.put("ca-key", "kubernetes.io/tls", content, there=False)
        say("ca-key: made")
        return
    (folder / "ca.crt").write_text(kept["tls.crt"], encoding="utf-8")
    (folder / "ca.key").write_text(kept["tls.key"], encoding="utf-8")


def issue(api: Api, folder: Path, namespace: str) -> None:
    """Makes what is missing and renews what is due."""
    the_authority(api, folder, namespace)
    public, shown = {"ca.crt": (folder / "ca.crt").read_text(encoding="utf-8")}, api.get("ca")
    if shown != public:
        api.put("ca", "Opaque", public, there=shown is not None)
        say("ca: written")
    left_out = os.environ.get("LEFT_OUT", "").split()
    for secret, (common_name, names) in leaves(namespace).items():
        if secret in left_out:
            continue
        content = api.get(secret)
        if content is None or not is_good(folder, content, names):
            api.put(secret, "kubernetes.io/tls", new_leaf(folder, common_name, names), there=content is not None)
            say(f"{secret}: {'made' if content is None else 'renewed'}")


def main() -> int:
    namespace = os.environ["NAMESPACE"]
    os.umask(0o077)
    with tempfile.TemporaryDirectory() as folder:
        try:
            issue(Api(namespace), Path(folder), namespace)
        except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
            say(f"failed: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
