"""What a cluster answers before the first resource, read by few questions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.kubernetes.issuer import Issuer
from components.kubernetes.kubectl import Answer
from components.kubernetes.manifests import identity, read
from components.kubernetes.monitoring import DEFINITIONS
from components.kubernetes.names import MADE_FROM
from components.kubernetes.overlay import overlay
from components.kubernetes.preflight import Facts, look
from tests.unit.kubernetes.test_findings import ADDRESS, MADE, SIGNED, restoring, settings

VIEW = {
    "current-context": "lab",
    "contexts": [{"name": "lab", "context": {"cluster": "here", "user": "dev"}}],
    "clusters": [{"name": "there", "cluster": {}}, {"name": "here", "cluster": {"server": ADDRESS}}],
}
SPACE = {"metadata": {"labels": {"app.kubernetes.io/instance": "main"}}}
CLASS = {
    "kind": "StorageClass",
    "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "allowVolumeExpansion": True,
}
CLAIM = {
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data-pg-0"},
    "spec": {"resources": {"requests": {"storage": "10Gi"}}, "storageClassName": "standard"},
}


STORAGE = "storageclasses,persistentvolumeclaims"


@pytest.fixture(autouse=True)
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own says nothing of the lab."""
    (tmp_path / "config").write_text(json.dumps(VIEW))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))


def answering(answers: Mapping[str, Answer]) -> Any:
    """kubectl, as far as these answers go, by the kind that is asked for."""

    def ask(words: Sequence[str]) -> Answer:
        return answers[words[1]]

    return ask


def well(plain: object) -> Answer:
    return 0, json.dumps(plain), ""


ALL = {
    "namespaces": well(SPACE),
    STORAGE: well({"items": [CLASS, CLAIM]}),
    "configmaps": (0, "", ""),  # where the volumes leave it open where the lease is kept
}
REFUSAL = 'Error from server (Forbidden): storageclasses.storage.k8s.io is forbidden: User "dev" cannot list resource'
REFUSED: Answer = (1, json.dumps({"items": [CLAIM]}), REFUSAL)
ABSENT: Answer = (1, "", 'Error from server (NotFound): namespaces "postgres-main" not found')
SILENT: Answer = (1, "", "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded)")


def test_a_cluster_is_read() -> None:
    assert look(settings(), answering(ALL)) == Facts(
        context="lab",
        address=ADDRESS,
        namespaces=frozenset({"postgres-main"}),
        owner="main",
        classes=(("standard", True, True),),
        volumes={"data-pg-0": ("10Gi", "standard")},
    )


@pytest.mark.parametrize(
    "answer, known",
    [
        pytest.param((0, f"customresourcedefinition.apiextensions.k8s.io/{DEFINITIONS[0]}\n", ""),
                     frozenset({DEFINITIONS[0]}), id="one"),
        pytest.param((1, "", "Error from server (NotFound): not found"), frozenset(), id="none"),
        pytest.param((1, "", "Error from server (Forbidden): no"), None, id="one may not look"),
    ],
)  # fmt: skip
def test_the_operator_is_asked_for_only_when_it_is_wanted(answer: Answer, known: frozenset[str] | None) -> None:
    wanted = settings(monitoring={"enabled": True})
    assert look(wanted, answering({**ALL, "customresourcedefinitions": answer})).definitions == known
    assert look(settings(), answering(ALL)).definitions is None


@pytest.mark.parametrize(
    "asked, claims, known",
    [
        pytest.param({}, [CLAIM], True, id="members without etcd"),
        pytest.param({}, [CLAIM, {**CLAIM, "metadata": {"name": "data-etcd-0"}}], False, id="members with etcd"),
        pytest.param({}, [], False, id="nothing"),
        pytest.param({"leader_election": "kubernetes"}, [CLAIM], False, id="as it was made"),
        pytest.param({"leader_election": "kubernetes"}, [], True, id="no members any more"),
    ],
)
def test_patroni_s_config_maps_are_asked_for_where_they_decide(
    asked: dict[str, Any], claims: list[Any], known: bool
) -> None:
    answers = {**ALL, STORAGE: well({"items": claims}), "configmaps": (0, "configmap/main-config", "")}
    expected = frozenset({"main-config"}) if known else frozenset()
    assert look(settings(**asked), answering(answers)).config_maps == expected


def test_a_claim_says_what_its_cluster_was_restored_from() -> None:
    """As the template of the members' claims has it; a word of somebody else's is passed over."""
    members = next(one for one in overlay(read(), restoring(lsn="0/5000000")) if identity(one) == ("StatefulSet", "pg"))
    template = members["spec"]["volumeClaimTemplates"][0]
    sized = {"kind": "PersistentVolumeClaim", "spec": template["spec"]}
    claims = [
        {**sized, "metadata": {"name": "data-pg-0", "annotations": template["metadata"]["annotations"]}},
        {**sized, "metadata": {"name": "data-pg-1", "annotations": {MADE_FROM: "not JSON"}}},
    ]
    found = look(settings(), answering({**ALL, STORAGE: well({"items": claims})}))
    assert found.made_from == {"data-pg-0": MADE}


def test_a_refusal_is_no_silence_and_absence_is_an_answer() -> None:
    found = look(settings(), answering({**ALL, STORAGE: REFUSED, "namespaces": ABSENT}))
    assert (found.unreachable, found.classes, found.namespaces) == (None, None, frozenset())
    assert found.volumes == {"data-pg-0": ("10Gi", "standard")}


def test_silence_names_the_context_and_the_address() -> None:
    found = look(settings(), answering({**ALL, "namespaces": SILENT}))
    assert (found.context, found.address) == ("lab", ADDRESS)
    assert found.unreachable is not None and "Client.Timeout exceeded" in found.unreachable


@pytest.mark.parametrize(
    "answer, issuer",
    [
        pytest.param((1, "", 'error: the server doesn\'t have a resource type "issuers"'), Issuer(known=False),
                     id="no cert-manager"),
        pytest.param((1, "", 'Error from server (NotFound): issuers.cert-manager.io "ca" not found'),
                     Issuer(there=False), id="no issuer"),
        pytest.param((1, "", "Error from server (Forbidden): no"), None, id="forbidden"),
        pytest.param(well({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}), Issuer(), id="ready"),
        pytest.param(well({"status": {"conditions": [{"type": "Ready", "status": "False", "message": "no key"}]}}),
                     Issuer(trouble="no key"), id="not ready"),
        pytest.param(well({}), Issuer(trouble="nobody has looked at it: does cert-manager run?"), id="unseen"),
    ],
)  # fmt: skip
def test_the_issuer_is_asked_for_where_one_signs(answer: Answer, issuer: Issuer | None) -> None:
    found = look(settings(**SIGNED), answering(ALL | {"issuers.cert-manager.io": answer}))
    assert (found.unreachable, found.issuer) == (None, issuer)


@pytest.mark.parametrize(
    "replicas, text, sleeping",
    [
        pytest.param(0, "bootstrap: {dcs: {ttl: 30}}", True, id="a primary that sleeps"),
        pytest.param(0, "bootstrap:\n  dcs:\n    standby_cluster:\n      host: h", False, id="a standby that sleeps"),
        pytest.param(3, "bootstrap: {dcs: {ttl: 30}}", False, id="a primary that runs, and can be told at once"),
    ],
)
def test_whether_a_cluster_that_shall_follow_would_wake_as_a_primary(replicas: int, text: str, sleeping: bool) -> None:
    given = settings(standby_of={"host": "db.example.org"}, **SIGNED)
    members = [
        {"kind": "StatefulSet", "spec": {"replicas": replicas}},
        {"kind": "ConfigMap", "data": {"patroni.yml": text}},
    ]
    answers = ALL | {"statefulset/pg": well({"items": members}), "issuers.cert-manager.io": well({})}
    assert look(given, answering(answers)).sleeping_primary is sleeping
