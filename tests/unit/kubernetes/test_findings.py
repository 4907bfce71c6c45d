"""What a cluster lacks of what a stack asks for is said before the first resource, with the setting's path."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.findings import findings
from components.kubernetes.issuer import Issuer
from components.kubernetes.monitoring import DEFINITIONS
from components.kubernetes.preflight import Facts
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


SIGNED = {"certificates": {"issuer": "cert-manager", "issuer_name": "ca"}}
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
        pytest.param({}, facts(sleeping_primary=True), "standby_of", "it would wake as a primary before", id="a fork"),
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
        pytest.param({"storage": {"wal_size": "4Gi"}}, facts(**HERE, volumes=WITH_WAL), id="WAL's volume grows"),
        pytest.param({"storage": {"wal_size": "4Gi"}}, facts(), id="a volume for WAL from the beginning"),
        pytest.param({}, facts(definitions=frozenset()), id="no operator wanted"),
        pytest.param(SIGNED, facts(issuer=None), id="an issuer one may not look at"),
        pytest.param(SIGNED, facts(issuer=Issuer()), id="an issuer that signs"),
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
