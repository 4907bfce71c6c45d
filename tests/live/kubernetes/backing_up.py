"""What tests of backups in pods need: the stand-in for S3 on this machine, and stacks and manifests that use it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import yaml

from components.render.backup_pods import backup_files
from components.settings.load import load
from tests.live.backup.s3_stand_in import Service
from tests.live.kubernetes.lab import ROOT
from tests.live.kubernetes.platform import overlay
from tests.project_copy import NAMESPACE as KEYS

BUCKET = "backups"
SECRETS = {"phrase": "correct horse battery staple", "key": "AKIDEXAMPLE1234", "key-secret": "not-a-real-key"}
SECRET_TEXT = f"""[global]
repo1-cipher-pass={SECRETS["phrase"]}
repo1-s3-key={SECRETS["key"]}
repo1-s3-key-secret={SECRETS["key-secret"]}
"""


def own_address(kubeconfig: Path) -> str:
    """This machine's address as the lab's pods see it."""
    server = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((server.split("//")[1].split(":")[0], 9))
        return str(probe.getsockname()[0])


def port(s3: Service) -> int:
    return int(s3.endpoint.split(":")[1])


def repository(s3: Service, host: str) -> dict[str, Any]:
    """As a stack writes it; pods find the service under `host`."""
    where = {
        "kind": "s3",
        "path": "/main",
        "bucket": BUCKET,
        "endpoint": f"{host}:{port(s3)}",
        "region": "eu-central-1",
    }
    return where | {"uri_style": "path", "key": "key", "key_secret": "key-secret", "ca": s3.ca}


def backup(s3: Service, host: str) -> dict[str, Any]:
    return {"repository": repository(s3, host), "encryption": "phrase"}


def objects(s3: Service) -> str:
    """A name for the service, what pgBackRest needs to know of it, and its secrets."""
    address, ports = s3.endpoint.split(":")[0], [{"port": port(s3)}]
    slice_labels = {"kubernetes.io/service-name": "s3"}
    found: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s3"}, "spec": {"ports": ports}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "s3", "labels": slice_labels},
            "addressType": "IPv4",
            "ports": ports,
            "endpoints": [{"addresses": [address]}],
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "pgbackrest"},
            "stringData": {"secrets.conf": SECRET_TEXT},
        },
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": found})


def kustomization(folder: Path, namespace: str, s3: Service) -> Path:
    """k8s/ with k8s/backup over it, and our own endpoint."""
    given = {"platform": "kubernetes", "secrets": SECRETS, "backup": backup(s3, "s3")}
    files = backup_files(load(given, default_major=17))
    plain = json.loads((overlay(folder, namespace) / "kustomization.yaml").read_text())
    to_s3 = [{"op": "replace", "path": "/spec/egress/1/ports/0/port", "value": port(s3)}]
    from_pg = [{"op": "replace", "path": "/spec/egress/0/ports/0/port", "value": port(s3)}]
    configuration = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pgbackrest"}, "data": files}
    plain["components"] = [os.path.relpath(ROOT / "k8s/backup", folder)]
    plain["patches"] = [
        {"patch": json.dumps(configuration)},
        {"patch": json.dumps(to_s3), "target": {"kind": "NetworkPolicy", "name": "backup"}},
        {"patch": json.dumps(from_pg), "target": {"kind": "NetworkPolicy", "name": "pg-backup"}},
    ]
    (folder / "kustomization.yaml").write_text(json.dumps(plain), encoding="utf-8")
    return folder


def stack_file(folder: Path, namespace: str, kubeconfig: Path, s3: Service) -> str:
    """The name of a stack by which the driver finds the cluster that kubectl made."""
    kubernetes = {"namespace": namespace, "kubeconfig": str(kubeconfig)}
    given = {"platform": "kubernetes", "name": "main", "kubernetes": kubernetes, "secrets": SECRETS}
    given["backup"] = backup(s3, "s3")
    config = {f"{KEYS}:{key}": value for key, value in given.items()}
    (folder / "Pulumi.lab.yaml").write_text(yaml.safe_dump({"config": config}), encoding="utf-8")
    return "lab"
