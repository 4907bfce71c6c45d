"""What is grown, what is waited for, and what a preview says of volumes."""

from __future__ import annotations

from typing import Any

import pytest

from components.contract import Route
from components.kubernetes import seen, volumes, waiting
from components.kubernetes.volumes import Claim, VolumesProvider, differences, made, told, ungrown, unmade
from components.patroni.failure import ClusterError
from components.reach import RouteError

WANTED = {"data-pg-0": "2Gi", "data-pg-1": "2Gi"}
SMALL, GROWN = Claim(asks="1Gi", has="1Gi"), Claim(asks="2Gi", has="2Gi")
GROWS = Claim(asks="2Gi", has="1Gi")
ROUTE: dict[str, Any] = {"kind": "port-forward", "namespace": "postgres-main"}


@pytest.mark.parametrize(
    "claims, missing",
    [
        pytest.param({"data-pg-0": SMALL, "data-pg-1": GROWN}, "", id="to be patched, and done"),
        pytest.param({"data-pg-0": SMALL}, "data-pg-1 is not there", id="its pod is new"),
        # Kubernetes lets nobody change the size of a claim without a volume.
        pytest.param({"data-pg-0": SMALL, "data-pg-1": Claim(asks="1Gi")}, "data-pg-1 has no volume", id="not bound"),
        pytest.param({"data-pg-0": SMALL, "data-pg-1": Claim(asks="2Gi")}, "", id="not bound, and large enough"),
    ],
)
def test_what_cannot_be_patched_yet(claims: dict[str, Claim], missing: str) -> None:
    assert unmade(WANTED, claims) == missing


@pytest.mark.parametrize(
    "claim, waits",
    [
        pytest.param(GROWN, "", id="grown"),
        pytest.param(Claim(asks="2Gi", has="3Gi"), "", id="rounded up"),
        pytest.param(Claim(asks="2Gi"), "", id="not made"),
        pytest.param(GROWS, "data-pg-0 has 1Gi of 2Gi", id="grows"),
        pytest.param(Claim(asks="2Gi", has="1Gi", conditions=("FileSystemResizePending",)),
                     "data-pg-0 has 1Gi of 2Gi: its driver grows it when its pod, pg-0, starts the next time",
                     id="offline"),
    ],
)  # fmt: skip
def test_who_is_waited_for(claim: Claim, waits: str) -> None:
    assert ungrown(WANTED, {"data-pg-0": claim, "data-pg-1": GROWN}) == waits


@pytest.mark.parametrize(
    "old, new, lines",
    [
        pytest.param(WANTED, WANTED, [], id="nothing"),
        pytest.param(
            {"data-etcd-0": "1Gi", "data-pg-0": "1Gi", "data-pg-1": "1Gi"}, {"data-etcd-0": "1Gi"} | WANTED,
            ["data-pg-0, data-pg-1: 1Gi -> 2Gi: grown in place, nobody is cut off"], id="growth"),
        pytest.param(WANTED, WANTED | {"data-pg-2": "2Gi"}, ["data-pg-2: a volume of 2Gi"], id="one more"),
        pytest.param(WANTED, {"data-pg-0": "2Gi"}, ["data-pg-1: stays, though nobody uses it"], id="one less"),
    ],
)  # fmt: skip
def test_what_a_preview_says(old: dict[str, str], new: dict[str, str], lines: list[str]) -> None:
    assert list(told(old, new)) == lines


def test_a_claim_made_anew_from_the_template_is_drift() -> None:
    claims = {"data-pg-0": SMALL, "data-pg-1": GROWN}
    assert list(differences(WANTED, WANTED, claims)) == ["data-pg-0 asks for 1Gi instead of 2Gi"]
    assert list(differences(WANTED, WANTED, {"data-pg-1": GROWN})) == ["data-pg-0 is not there"]
    assert list(differences(WANTED, {"data-pg-1": "2Gi"}, {"data-pg-1": GROWN})) == []  # that member goes


def test_volumes_that_nobody_made_are_left_out_while_members_sleep() -> None:
    assert made(WANTED, {"data-pg-0": SMALL, "data-pg-1": Claim(asks="1Gi")}) == {"data-pg-0": "2Gi"}


def written(name: str, claim: Claim) -> dict[str, Any]:
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"resources": {"requests": {"storage": claim.asks}}},
        "status": {"phase": "Bound", "capacity": {"storage": claim.has}} if claim.has else {"phase": "Pending"},
    }


class Cluster:
    """Claims that a driver grows once it is `able`; `patched` are the orders."""

    def __init__(self, claims: dict[str, Claim], *, able: bool = True) -> None:
        self.claims, self.able, self.patched = claims, able, list[str]()

    def look(self, _route: Route) -> dict[str, Claim]:
        return dict(self.claims)

    def objects(self, _route: Route) -> list[dict[str, Any]]:
        """As Kubernetes writes them, beside a pod."""
        return [{"kind": "Pod", "metadata": {"name": "pg-0"}}, *(written(*one) for one in self.claims.items())]

    def ask(self, _route: Route, *words: str, what: str) -> str:
        assert words[0] == "patch", what
        name = words[2]
        self.patched.append(name)
        self.claims[name] = Claim(asks="2Gi", has="2Gi" if self.able else self.claims[name].has)
        return ""


def spec(*, asleep: bool = False) -> dict[str, Any]:
    return {"route": ROUTE, "volumes": WANTED, "asleep": asleep}


def on(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> VolumesProvider:
    for name in ("look", "ask"):
        monkeypatch.setattr(volumes, name, getattr(cluster, name))
    monkeypatch.setattr(seen, "objects", cluster.objects)
    monkeypatch.setattr(waiting, "PAUSE", 0.0)
    return VolumesProvider()


def test_a_run_finishes_what_an_interrupted_one_left(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster({"data-pg-0": GROWN, "data-pg-1": SMALL})
    provider = on(cluster, monkeypatch)

    provider.ensure(spec(), None)

    assert cluster.patched == ["data-pg-1"]
    assert provider.drift(spec(), spec()) == []


def test_a_driver_that_does_not_grow_is_given_up_with_what_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster({"data-pg-0": SMALL, "data-pg-1": GROWN}, able=False)
    provider = on(cluster, monkeypatch)
    monkeypatch.setattr(volumes, "GROWN_LIMIT", 0.05)

    with pytest.raises(ClusterError, match=r"^waited 0\.05 s for volumes: data-pg-0 has 1Gi of 2Gi; the next up goes"):
        provider.ensure(spec(), None)
    assert provider.drift(spec(), spec()) == ["data-pg-0 has 1Gi of 2Gi"]


def test_volumes_of_a_sleeping_cluster_are_asked_to_grow_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster({"data-pg-0": SMALL}, able=False)
    provider = on(cluster, monkeypatch)

    provider.ensure(spec(asleep=True), None)

    assert cluster.patched == ["data-pg-0"]
    assert provider.drift(spec(asleep=True), spec(asleep=True)) == []
    assert provider.drift(spec(), spec()) == ["data-pg-1 is not there", "data-pg-0 has 1Gi of 2Gi"]


def test_a_refusal_of_kubernetes_ends_the_run_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = on(Cluster({"data-pg-0": SMALL, "data-pg-1": GROWN}), monkeypatch)

    def refuse(_route: Route, *_words: str, what: str) -> str:
        raise RouteError(f"{what}: persistentvolumeclaims is forbidden")

    monkeypatch.setattr(volumes, "ask", refuse)
    with pytest.raises(ClusterError, match="data-pg-0 cannot be grown to 2Gi: persistentvolumeclaims is forbidden"):
        provider.ensure(spec(), None)
