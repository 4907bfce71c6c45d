"""The manifests of `k8s/` with a stack's settings over them. Pure: parsed files and settings in, manifests out.

With the settings' defaults the result is `k8s/` itself, as kustomize builds it, without its certificate Job, with
one annotation more: `restart`, which changes when a file changes that its program reads only at its start, and with
members' pods that wait to be replaced in our order.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import yaml

from components.kubernetes.backup import with_backups
from components.kubernetes.certificate_manifests import certificate_manifests, trust_own_secrets
from components.kubernetes.election import with_election
from components.kubernetes.exposure import exposed
from components.kubernetes.manifests import LOADER, Kustomization, Manifest, identity, pod_of
from components.kubernetes.monitoring import monitored
from components.kubernetes.names import DATA, ETCD, GATEWAY, INSTANCE, MADE_FROM, MEMBERS, WAL, namespace
from components.render.hba import Admission
from components.render.pod_layout import WAL as WAL_FOLDER
from components.render.pod_layout import Files
from components.render.pods import configuration_files
from components.render.restored import restored_to
from components.settings.model import Settings

RESTART = "postgres-platform/restart"
WITHOUT_NAMESPACE = frozenset({"Namespace"})
JOB = "certificates"  # what signs where nobody else does
WORKLOADS = {("StatefulSet", ETCD): "etcd", ("StatefulSet", MEMBERS): "patroni", ("Deployment", GATEWAY): "gateway"}
# What Patroni and etcd read at their start alone; everything else of patroni.yml is in force after a reload.
AT_START = ("scope", "namespace", "restapi", "etcd3", "ctl", "log")
POSTGRESQL_AT_START = ("listen", "data_dir", "bin_dir", "pgpass", "authentication")


def overlay(
    base: Kustomization,
    settings: Settings,
    extensions: frozenset[str] = frozenset(),
    admissions: Collection[Admission] | None = None,
) -> list[Manifest]:
    """What this stack puts into the cluster, Secrets left out: they hold keys, which only Pulumi's outputs carry."""
    files = configuration_files(settings, extensions, admissions)
    found = [copy.deepcopy(one) for one in base.manifests if identity(one)[1] != JOB]
    if settings.kubernetes.existing_namespace:
        found = [one for one in found if one["kind"] != "Namespace"]
    found = with_backups(found, base.backup, settings)
    found = with_election(found, base.election, settings)
    for manifest in found:
        _fill(manifest, files)
        _image(manifest, settings, base)
        if identity(manifest) in WORKLOADS:
            _workload(manifest, settings)
            _restart_mark(manifest, files[WORKLOADS[identity(manifest)]])
        exposed(manifest, settings)
        trust_own_secrets(manifest, settings)
    found += certificate_manifests(settings)
    found += monitored(base.monitoring, settings)
    for manifest in found:
        _place(manifest, base, settings)
    return found


def _fill(manifest: Manifest, files: Mapping[str, Files]) -> None:
    """A ConfigMap's texts are those of this stack."""
    if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] in files:
        manifest["data"] = dict(files[manifest["metadata"]["name"]])


def _place(manifest: Manifest, base: Kustomization, settings: Settings) -> None:
    """Namespace and labels, where kustomize puts them."""
    space = namespace(settings)
    if manifest["kind"] == "Namespace":
        manifest["metadata"]["name"] = space
    elif manifest["kind"] not in WITHOUT_NAMESPACE:
        manifest["metadata"]["namespace"] = space
    labels = labelled(base, settings)
    for metadata in _labelled(manifest):
        metadata["labels"] = metadata.get("labels", {}) | labels
    for subject in manifest.get("subjects", []):
        subject["namespace"] = space


def labelled(base: Kustomization, settings: Settings) -> dict[str, str]:
    """The labels of everything that is this stack's."""
    return base.labels | {INSTANCE: settings.name}


def _labelled(manifest: Manifest) -> Iterator[dict[str, Any]]:
    yield manifest["metadata"]
    template = manifest.get("spec", {}).get("template")
    if identity(manifest) in WORKLOADS and template:
        yield template["metadata"]
        for claim in manifest["spec"].get("volumeClaimTemplates", []):
            yield claim["metadata"]


def _image(manifest: Manifest, settings: Settings, base: Kustomization) -> None:
    pod = pod_of(manifest)
    for container in (*pod.get("initContainers", []), *pod.get("containers", [])):
        container["image"] = image(settings, base)
        container["imagePullPolicy"] = settings.kubernetes.pull_policy
    if pod and settings.kubernetes.pull_secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in settings.kubernetes.pull_secrets]


def _workload(manifest: Manifest, settings: Settings) -> None:
    spec = manifest["spec"]
    _spread(spec["template"]["spec"], settings)
    SIZED[identity(manifest)](spec, settings)


def image(settings: Settings, base: Kustomization) -> str:
    """The stack's image, else that of `k8s/`, in the tag of the stack's major version."""
    if settings.kubernetes.image:
        return settings.kubernetes.image
    name = next(iter(base.images.values())).rpartition(":")[0]
    return f"{name}:{settings.known_major}"


def _members(spec: dict[str, Any], settings: Settings) -> None:
    wanted = settings.kubernetes
    spec["replicas"] = 0 if wanted.hibernate else settings.members
    spec["updateStrategy"] = {"type": "OnDelete"}  # by our own order, which switches over once: see replacing.py
    _claim(spec, wanted.storage.size, wanted.storage.storage_class)
    _remember(spec, settings)
    _wal_volume(spec, settings)
    pod = spec["template"]["spec"]
    _resources(pod["containers"][0], wanted.resources.cpu, wanted.resources.memory)


def _etcd(spec: dict[str, Any], settings: Settings) -> None:
    wanted = settings.kubernetes
    spec["replicas"] = wanted.etcd.nodes
    _claim(spec, wanted.storage.etcd_size, wanted.storage.storage_class)


def _gateways(spec: dict[str, Any], settings: Settings) -> None:
    wanted = settings.kubernetes
    spec["replicas"] = 0 if wanted.hibernate else wanted.gateways.replicas
    _resources(spec["template"]["spec"]["containers"][0], wanted.gateways.cpu, wanted.gateways.memory)


SIZED: Mapping[tuple[str, str], Callable[[dict[str, Any], Settings], None]] = {
    ("StatefulSet", MEMBERS): _members,
    ("StatefulSet", ETCD): _etcd,
    ("Deployment", GATEWAY): _gateways,
}


def _resources(container: dict[str, Any], cpu: str, memory: str) -> None:
    """Memory is guaranteed, request and limit; of CPU there is no limit, since a throttled primary loses its lease."""
    container["resources"]["requests"] |= {"cpu": cpu, "memory": memory}
    container["resources"]["limits"] |= {"memory": memory}


def _claim(spec: dict[str, Any], size: str, storage_class: str | None) -> None:
    claim = spec["volumeClaimTemplates"][0]["spec"]
    claim["resources"]["requests"]["storage"] = size
    if storage_class:
        claim["storageClassName"] = storage_class


def _remember(spec: dict[str, Any], settings: Settings) -> None:
    """What the data was restored from, beside the data: a claim keeps what its template said when it was made."""
    if record := restored_to(settings):
        metadata = spec["volumeClaimTemplates"][0]["metadata"]
        metadata["annotations"] = {MADE_FROM: json.dumps(record, sort_keys=True)}


def _wal_volume(spec: dict[str, Any], settings: Settings) -> None:
    """A second claim for each member, in the containers that have the first."""
    size = settings.kubernetes.storage.wal_size
    if size is None:
        return
    claim = copy.deepcopy(spec["volumeClaimTemplates"][0])
    claim["metadata"]["name"] = WAL
    claim["spec"]["resources"]["requests"]["storage"] = size
    spec["volumeClaimTemplates"].append(claim)
    for container in spec["template"]["spec"]["containers"]:
        if any(one["name"] == DATA for one in container["volumeMounts"]):
            container["volumeMounts"].append({"name": WAL, "mountPath": str(WAL_FOLDER)})


def _spread(pod: dict[str, Any], settings: Settings) -> None:
    wanted = settings.kubernetes.spread
    for constraint in pod.get("topologySpreadConstraints", []):
        constraint["topologyKey"] = wanted.zone_key
    apart = pod.get("affinity", {}).get("podAntiAffinity", {})
    required = apart.get("requiredDuringSchedulingIgnoredDuringExecution")
    if wanted.hosts == "preferred" and required:
        pod["affinity"]["podAntiAffinity"] = {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 100, "podAffinityTerm": term} for term in required
            ]
        }


def _restart_mark(manifest: Manifest, files: Files) -> None:
    """Pods are replaced when this changes; the dynamic configuration and all that a reload brings leave it alone."""
    metadata = manifest["spec"]["template"]["metadata"]
    text = json.dumps(read_at_start(files), sort_keys=True)
    metadata["annotations"] = metadata.get("annotations", {}) | {
        RESTART: hashlib.sha256(text.encode()).hexdigest()[:16]
    }


def read_at_start(files: Files) -> dict[str, Any]:
    """What of these files only a start reads."""
    return {name: part for name, text in files.items() if (part := _at_start(name, text)) is not None}


def _at_start(name: str, text: str) -> Any:
    if name == "patroni.yml":
        plain = yaml.load(text, Loader=LOADER)  # noqa: S506  a safe loader
        local = {key: plain["postgresql"].get(key) for key in POSTGRESQL_AT_START}
        store = {key: plain[key] for key in ("kubernetes",) if key in plain}
        return {key: plain.get(key) for key in AT_START} | {"postgresql": local} | store
    if name == "gateway.json":
        plain = json.loads(text)
        return {key: value for key, value in plain.items() if key != "members"}  # those are read again at a reload
    if name.endswith(".json") or name.startswith(f"{ETCD}-"):
        return text
    return None  # a reload is enough, or only a new cluster reads it
