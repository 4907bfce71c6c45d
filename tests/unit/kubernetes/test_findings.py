"""What a cluster lacks of what a stack asks for is said before the first resource, with the setting's path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from components.kubernetes.findings import findings
from components.kubernetes.manifests import identity, read
from components.kubernetes.monitoring import DEFINITIONS
from components.kubernetes.names import MADE_FROM
from components.kubernetes.overlay import overlay
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


def volumes(part: str, size: str, kind: str, template: str = "data") -> dict[str, tuple[str, str]]:
    return {f"{template}-{part}-{number}": (size, kind) for number in range(3)}


WITH_WAL = volumes("pg", "10Gi", "growing") | volumes("pg", "2Gi", "growing", "wal")
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
        pytest.param({"storage": {"wal_size": "5Gi"}}, facts(**HERE, volumes=volumes("pg", "10Gi", "growing")),
                     "storage.wal_size", "found 5Gi; the members of this cluster were made without a volume for WAL, "
                     "which is fixed; remove it", id="a volume for WAL, too late"),
        pytest.param({}, facts(**HERE, volumes=WITH_WAL), "storage.wal_size",
                     "found nothing; the members of this cluster were made with a volume for WAL, which is fixed; set "
                     "it back", id="no volume for WAL any more"),
        pytest.param({"storage": {"wal_size": "1Gi"}}, facts(**HERE, volumes=WITH_WAL), "storage.wal_size",
                     "wal-pg-0, wal-pg-1, wal-pg-2 have 2Gi, and no volume shrinks", id="WAL's volume shrinks"),
        pytest.param({"etcd": {"nodes": 5}}, facts(**HERE, volumes=volumes("etcd", "2Gi", "growing")), "etcd.nodes",
                     "made with 3, which is fixed", id="more etcd nodes"),
        pytest.param({"monitoring": {"enabled": True}}, facts(definitions=frozenset({DEFINITIONS[0]})),
                     "monitoring.enabled", "does not know prometheusrules.monitoring.coreos.com", id="no operator"),
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
        pytest.param({"storage": {"wal_size": "4Gi"}}, facts(**HERE, volumes=WITH_WAL), id="WAL's volume grows"),
        pytest.param({"storage": {"wal_size": "4Gi"}}, facts(), id="a volume for WAL from the beginning"),
        pytest.param({}, facts(definitions=frozenset()), id="no operator wanted"),
        pytest.param({"monitoring": {"enabled": True}}, facts(definitions=None), id="an operator one may not look for"),
        pytest.param({"storage": {"storage_class": "x"}}, facts(classes=None, namespaces=None), id="one may not look"),
    ],
)
def test_what_is_well(asked: dict[str, Any], found: Facts) -> None:
    assert findings(settings(**asked), found) == []


MADE = {"source": "old", "time": None, "label": None, "lsn": "0/5000000"}
THERE = {**HERE, "volumes": volumes("pg", "10Gi", "standard")}


def restoring(**target: str) -> Settings:
    """A stack that asks for a cluster made of `old`."""
    bucket = {"kind": "s3", "bucket": "b1b", "endpoint": "s3.example.org", "region": "r", "key": "k", "key_secret": "k"}
    given = {"secrets": {"k": "K"}, "restore": {"from": "old", "repository": bucket, **target}}
    return load({"platform": "kubernetes", **given}, default_major=17)


@pytest.mark.parametrize(
    "asked, found",
    [
        pytest.param({"lsn": "0/5000000"}, facts(**THERE), id="made empty"),
        pytest.param({"lsn": "0/6000000"}, facts(**THERE, made_from={"data-pg-0": MADE}), id="of another moment"),
        pytest.param({}, facts(**THERE, made_from={"data-pg-0": MADE}), id="with all of its WAL"),
    ],
)
def test_a_restore_is_for_a_cluster_that_is_not_there(asked: dict[str, str], found: Facts) -> None:
    [told] = findings(restoring(**asked), found)
    assert told.path == ("restore",)
    assert "makes a new cluster, and namespace postgres-main holds the volumes of one (data-pg-0" in told.message
    assert "which was not restored from old " in told.message
    assert "`kubectl delete pvc -n postgres-main -l app.kubernetes.io/instance=main`" in told.message


def test_a_restored_cluster_may_keep_the_line_or_lose_it() -> None:
    """A member that came later has a claim without the record where the line was gone by then."""
    found = facts(**THERE, made_from={"data-pg-0": MADE, "data-pg-1": MADE})
    assert findings(restoring(lsn="0/5000000"), found) == []
    assert findings(settings(), found) == []


def test_etcds_volumes_alone_are_no_cluster() -> None:
    assert findings(restoring(lsn="0/5000000"), facts(**HERE, volumes=volumes("etcd", "2Gi", "standard"))) == []


VIEW = {"current-context": "lab", "clusters": [{"cluster": {"server": ADDRESS}}]}
SPACE = {"metadata": {"labels": {"app.kubernetes.io/instance": "main"}}}
CLASS = {
    "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "allowVolumeExpansion": True,
}
CLAIM = {
    "metadata": {"name": "data-pg-0"},
    "spec": {"resources": {"requests": {"storage": "10Gi"}}, "storageClassName": "standard"},
}


def answering(answers: Mapping[str, Answer]) -> Any:
    """kubectl, as far as these answers go, by the kind that is asked for."""

    def ask(words: Sequence[str]) -> Answer:
        return answers[words[1]]

    return ask


def well(plain: object) -> Answer:
    return 0, json.dumps(plain), ""


ALL = {
    "view": well(VIEW),
    "namespaces": well(SPACE),
    "storageclasses": well({"items": [CLASS]}),
    "persistentvolumeclaims": well({"items": [CLAIM]}),
}
REFUSED: Answer = (1, "", 'Error from server (Forbidden): storageclasses is forbidden: User "dev" cannot list')
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


def test_a_claim_says_what_its_cluster_was_restored_from() -> None:
    """As the template of the members' claims has it; a word of somebody else's is passed over."""
    members = next(one for one in overlay(read(), restoring(lsn="0/5000000")) if identity(one) == ("StatefulSet", "pg"))
    template = members["spec"]["volumeClaimTemplates"][0]
    sized = {"spec": template["spec"]}
    claims = [
        {**sized, "metadata": {"name": "data-pg-0", "annotations": template["metadata"]["annotations"]}},
        {**sized, "metadata": {"name": "data-pg-1", "annotations": {MADE_FROM: "not JSON"}}},
    ]
    found = look(settings(), answering({**ALL, "persistentvolumeclaims": well({"items": claims})}))
    assert found.made_from == {"data-pg-0": MADE}


def test_a_refusal_is_no_silence_and_absence_is_an_answer() -> None:
    found = look(settings(), answering({**ALL, "storageclasses": REFUSED, "namespaces": ABSENT}))
    assert (found.unreachable, found.classes, found.namespaces) == (None, None, frozenset())


def test_silence_names_the_context_and_the_address() -> None:
    found = look(settings(), answering({**ALL, "namespaces": SILENT}))
    assert (found.context, found.address) == ("lab", ADDRESS)
    assert found.unreachable is not None and "Client.Timeout exceeded" in found.unreachable
