"""What a cluster lacks of what a stack asks for is said before the first resource, with the setting's path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.kubernetes.findings import findings
from components.kubernetes.issuer import Issuer
from components.kubernetes.monitoring import DEFINITIONS
from components.kubernetes.preflight import Answer, Facts, look
from components.settings.load import load
from components.settings.model import Settings

ADDRESS = "https://10.66.0.1:6443"
CLASSES = (("standard", True, False), ("growing", False, True))


def settings(**kubernetes: Any) -> Settings:
    return load({"platform": "kubernetes", "kubernetes": kubernetes}, default_major=17)


def facts(**given: Any) -> Facts:
    """A cluster that is there, without our namespace."""
    known = {"context": "lab", "address": ADDRESS, "namespaces": frozenset(), "classes": CLASSES, "volumes": {}}
    return Facts(**(known | given))


def volumes(part: str, size: str, kind: str, count: int = 3) -> dict[str, tuple[str, str]]:
    return {f"data-{part}-{number}": (size, kind) for number in range(count)}


SIGNED = {"certificates": {"issuer": "cert-manager", "issuer_name": "ca"}}
HERE = {"namespaces": frozenset({"postgres-main"}), "owner": "main"}


@pytest.mark.parametrize(
    "asked, found, path, part",
    [
        pytest.param({}, facts(unreachable="dial tcp: i/o timeout"), "context",
                     f"the cluster of context lab at {ADDRESS} does not answer: dial tcp: i/o timeout", id="silent"),
        pytest.param({"context": "prod"}, Facts(unreachable='context "prod" does not exist'), "context",
                     "context prod", id="no such context"),
        pytest.param({"namespace": "team", "existing_namespace": True}, facts(), "namespace",
                     "there is no namespace team", id="no namespace"),
        pytest.param({}, facts(namespaces=frozenset({"postgres-main"})), "namespace", "somebody else's", id="taken"),
        pytest.param({}, facts(namespaces=frozenset({"postgres-main"}), owner="orders"), "namespace",
                     "the cluster orders's", id="of another cluster"),
        pytest.param({"storage": {"storage_class": "fast"}}, facts(), "storage.storage_class",
                     "found fast; this cluster has: standard, growing", id="no class"),
        pytest.param({}, facts(classes=(("growing", False, True),)), "storage.storage_class", "no default StorageClass",
                     id="no default class"),
        pytest.param({"storage": {"size": "5Gi"}}, facts(**HERE, volumes=volumes("pg", "10Gi", "standard")),
                     "storage.size", "data-pg-0, data-pg-1, data-pg-2 have 10Gi, and no volume shrinks", id="shrinks"),
        pytest.param({"storage": {"etcd_size": "1Gi"}}, facts(**HERE, volumes=volumes("etcd", "2Gi", "standard")),
                     "storage.etcd_size", "set 2Gi or more", id="etcd's shrinks"),
        pytest.param({"storage": {"size": "20Gi"}}, facts(**HERE, volumes=volumes("pg", "10Gi", "standard")),
                     "storage.size", "does not allow expansion", id="cannot grow"),
        pytest.param({"storage": {"storage_class": "growing"}},
                     facts(**HERE, volumes=volumes("pg", "10Gi", "standard")), "storage.storage_class",
                     "are of class standard, which never changes", id="another class"),
        pytest.param({"leader_election": "kubernetes"}, facts(**HERE, volumes=volumes("etcd", "2Gi", "standard")),
                     "leader_election", "was made with etcd (data-etcd-0, data-etcd-1, data-etcd-2), which is fixed",
                     id="made with etcd"),
        pytest.param({}, facts(**HERE, volumes=volumes("pg", "10Gi", "standard"),
                               config_maps=frozenset({"main-config"})),
                     "leader_election", "was made with kubernetes (ConfigMap main-config), which is fixed",
                     id="made with kubernetes"),
        pytest.param({"leader_election": "kubernetes"}, facts(**HERE, config_maps=frozenset({"main-config"})),
                     "leader_election", "kubectl --namespace=postgres-main delete configmap main-config main-leader",
                     id="remembered without volumes"),
        pytest.param({"etcd": {"nodes": 5}}, facts(**HERE, volumes=volumes("etcd", "2Gi", "growing")), "etcd.nodes",
                     "made with 3, which is fixed", id="more etcd nodes"),
        pytest.param({"monitoring": {"enabled": True}}, facts(definitions=frozenset({DEFINITIONS[0]})),
                     "monitoring.enabled", "does not know prometheusrules.monitoring.coreos.com", id="no operator"),
        pytest.param(SIGNED, facts(issuer=Issuer(known=False)), "certificates.issuer",
                     "which this cluster does not have; install it", id="no cert-manager"),
        pytest.param(SIGNED, facts(issuer=Issuer(there=False)), "certificates.issuer_name",
                     "there is no Issuer ca in namespace postgres-main; make it first", id="no issuer"),
        pytest.param(SIGNED, facts(issuer=Issuer(trouble="secret not found")), "certificates.issuer_name",
                     "Issuer ca is not ready, so nobody would sign: secret not found", id="an issuer that cannot sign"),
    ],
)  # fmt: skip
def test_a_finding_says_what_to_do(asked: dict[str, Any], found: Facts, path: str, part: str) -> None:
    told = findings(settings(**asked), found)
    assert [".".join(one.path) for one in told] == [f"kubernetes.{path}"]
    assert part in told[0].message


@pytest.mark.parametrize(
    "asked, found",
    [
        pytest.param({}, facts(), id="nothing there yet"),
        pytest.param({}, facts(**HERE, volumes=volumes("pg", "10Gi", "standard")), id="unchanged"),
        pytest.param(
            {"storage": {"size": "20Gi"}}, facts(**HERE, volumes=volumes("pg", "10Gi", "growing")), id="grows"
        ),
        pytest.param(
            {"namespace": "team", "existing_namespace": True}, facts(namespaces=frozenset({"team"})), id="lent"
        ),
        pytest.param({}, facts(definitions=frozenset()), id="no operator wanted"),
        pytest.param(SIGNED, facts(issuer=None), id="an issuer one may not look at"),
        pytest.param(SIGNED, facts(issuer=Issuer()), id="an issuer that signs"),
        pytest.param({"monitoring": {"enabled": True}}, facts(definitions=None), id="an operator one may not look for"),
        pytest.param({"storage": {"storage_class": "x"}}, facts(classes=None, namespaces=None), id="one may not look"),
    ],
)
def test_what_is_well(asked: dict[str, Any], found: Facts) -> None:
    assert findings(settings(**asked), found) == []


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
