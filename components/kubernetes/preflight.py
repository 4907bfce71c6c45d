"""Looked at once, before the first resource: is the cluster there, and does it have what the settings name?"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from components.kubernetes import issuer
from components.kubernetes.kubeconfig import leads_to
from components.kubernetes.kubectl import ABSENT, FORBIDDEN, UNKNOWN, Answer, Ask
from components.kubernetes.monitoring import DEFINITIONS
from components.kubernetes.names import ETCD, INSTANCE, MADE_FROM, MEMBERS, kubeconfig, namespace, volumes
from components.kubernetes.pods import SELECTOR
from components.patroni.decisions import STANDBY
from components.settings.model import Settings

CLASSES, CLAIMS = "storageclasses", "persistentvolumeclaims"
MEMBERS_ARE = (f"statefulset/{MEMBERS}", "configmap/patroni")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the cluster said. None stands for what one may not look at: it is then left to the first `up` to find out.

    `volumes` are the sizes, as Kubernetes writes them, of the claims in the namespace by name.
    """

    context: str = ""
    address: str = ""
    unreachable: str | None = None
    namespaces: frozenset[str] | None = None
    owner: str | None = None
    classes: tuple[tuple[str, bool, bool], ...] | None = None  # name, whether it is the default one, whether it grows
    volumes: dict[str, tuple[str, str]] = field(default_factory=dict)  # size, class
    made_from: dict[str, Any] = field(default_factory=dict)  # by claim: the record of a restore; none, if made empty
    definitions: frozenset[str] | None = None  # of the Prometheus operator; None where nobody asked for them too
    issuer: issuer.Issuer | None = None  # cert-manager's; likewise
    config_maps: frozenset[str] = frozenset()  # Patroni's own, where it matters whether there are any
    sleeping_primary: bool = False  # members hibernate that followed nobody; asked for a standby cluster only


def look(settings: Settings, ask: Ask) -> Facts:
    """Some questions at once; the cluster's silence is a fact too."""
    space = namespace(settings)
    questions: dict[str, Sequence[str]] = {
        "space": ("get", "namespaces", space, "--output=json"),
        "storage": ("get", f"{CLASSES},{CLAIMS}", "--output=json"),
    }
    if settings.kubernetes.monitoring.enabled:
        questions["definitions"] = ("get", "customresourcedefinitions", *DEFINITIONS, "--output=name")
    if settings.kubernetes.standby_of and not settings.kubernetes.hibernate:
        questions["members"] = ("get", *MEMBERS_ARE, "--ignore-not-found", "--output=json")
    if signer := issuer.question(settings):
        questions["issuer"] = signer
    with ThreadPoolExecutor(len(questions)) as together:
        answers = dict(zip(questions, together.map(ask, questions.values()), strict=True))
    context, address = leads_to(settings.kubernetes.context, kubeconfig(settings))
    silent = next((answer for answer in answers.values() if _is_silence(answer)), None)
    if silent is not None:
        return Facts(context=context, address=address, unreachable=_last_line(silent[2]))
    return Facts(
        context=context,
        address=address,
        namespaces=_namespaces(answers["space"], space),
        owner=_owner(answers["space"]),
        classes=_classes(answers["storage"]),
        volumes=(claims := _volumes(answers["storage"])),
        made_from=_records(answers["storage"]),
        config_maps=_config_maps(settings, claims, ask),
        definitions=_definitions(answers["definitions"]) if "definitions" in answers else None,
        issuer=issuer.told(answers["issuer"]) if "issuer" in answers else None,
        sleeping_primary=_sleeping_primary(answers["members"]) if "members" in answers else False,
    )


def _is_silence(answer: Answer) -> bool:
    """A refusal for want of rights, or because a thing is absent, is an answer."""
    status, _, complaint = answer
    return status != 0 and not any(part in complaint for part in (FORBIDDEN, ABSENT, UNKNOWN))


def _last_line(complaint: str) -> str:
    lines = [line for line in complaint.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "kubectl ended without a word"


def _json(answer: Answer) -> dict[str, Any]:
    try:
        plain = json.loads(answer[1] or "{}")
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}


def _namespaces(answer: Answer, space: str) -> frozenset[str] | None:
    if answer[0] == 0:
        return frozenset({space})
    return None if FORBIDDEN in answer[2] else frozenset()


def _owner(answer: Answer) -> str | None:
    """The cluster that the namespace was made for, by its label."""
    labels = (_json(answer).get("metadata") or {}).get("labels") or {}
    found = labels.get(INSTANCE)
    return None if found is None else str(found)


def _classes(answer: Answer) -> tuple[tuple[str, bool, bool], ...] | None:
    if any(CLASSES in line for line in answer[2].splitlines() if FORBIDDEN in line):
        return None
    default = "storageclass.kubernetes.io/is-default-class"
    return tuple(
        (
            str(one["metadata"]["name"]),
            (one["metadata"].get("annotations") or {}).get(default) == "true",
            bool(one.get("allowVolumeExpansion")),
        )
        for one in _listed(answer, "StorageClass")
    )


def _listed(answer: Answer, kind: str) -> Iterator[dict[str, Any]]:
    """Of kinds asked for together; what one may not list is left out and complained of."""
    return (one for one in _json(answer).get("items", []) if one["kind"] == kind)


def _definitions(answer: Answer) -> frozenset[str] | None:
    """kubectl prints those that are there, and complains of the rest."""
    found = frozenset(line.rpartition("/")[2] for line in answer[1].splitlines())
    return None if not found and FORBIDDEN in answer[2] else found


def _config_maps(settings: Settings, claims: Mapping[str, object], ask: Ask) -> frozenset[str]:
    """Asked only where the volumes leave it open how the cluster was made: they show etcd, or no etcd."""
    made = {part for part in (MEMBERS, ETCD) if any(name.startswith(volumes(part)) for name in claims)}
    if made != (set() if settings.lease_in_kubernetes else {MEMBERS}):
        return frozenset()
    status, text, _ = ask(("get", "configmaps", f"--selector={SELECTOR}", "--output=name"))
    return frozenset(line.rpartition("/")[2] for line in text.splitlines()) if status == 0 else frozenset()


def _volumes(answer: Answer) -> dict[str, tuple[str, str]]:
    return {
        str(one["metadata"]["name"]): (
            str(one["spec"]["resources"]["requests"]["storage"]),
            str(one["spec"].get("storageClassName") or ""),
        )
        for one in _listed(answer, "PersistentVolumeClaim")
    }


def _records(answer: Answer) -> dict[str, Any]:
    """What members' clusters were restored from; a record that nobody of us wrote is none."""
    found = {}
    for one in _listed(answer, "PersistentVolumeClaim"):
        if text := (one["metadata"].get("annotations") or {}).get(MADE_FROM):
            with contextlib.suppress(ValueError):
                found[str(one["metadata"]["name"])] = json.loads(text)
    return found


def _sleeping_primary(answer: Answer) -> bool:
    """No pods are wanted of the members, and their configuration, as it lies there, names nobody to follow."""
    sleeps = any(one["spec"]["replicas"] == 0 for one in _listed(answer, "StatefulSet"))
    texts = [text for one in _listed(answer, "ConfigMap") for text in (one.get("data") or {}).values()]
    return sleeps and not any(f"{STANDBY}:" in text for text in texts)
