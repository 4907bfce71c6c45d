"""k8s/ with a stack's settings over it: nothing but what they say, and pods are replaced only when they must be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.kubernetes import manifests
from components.kubernetes.manifests import Manifest, identity
from components.kubernetes.monitoring import narrowed
from components.kubernetes.overlay import RESTART
from components.settings.kubernetes_rules import FROZEN_IS_DEAD
from components.settings.model import MAX_REPLICAS
from tests.unit.kubernetes.golden import BASE, CASES, case_names, default, flat, made, rendered


def stack(**kubernetes: Any) -> dict[str, Any]:
    return {"config": {"platform": "kubernetes", "kubernetes": kubernetes}}


def by_name(found: list[Manifest]) -> dict[tuple[str, str], Manifest]:
    return {identity(one): one for one in found}


def marks(given: dict[str, Any]) -> dict[str, str]:
    """The restart mark of each workload."""
    return {
        key[1]: one["spec"]["template"]["metadata"]["annotations"][RESTART]
        for key, one in by_name(made(given)).items()
        if key[0] in ("StatefulSet", "Deployment")
    }


@pytest.mark.parametrize("name", case_names())
def test_golden(name: str) -> None:
    assert rendered(name) == (CASES / name / "changes.yaml").read_text(encoding="utf-8")


def test_defaults_change_nothing_of_k8s_but_the_mark_and_the_labels() -> None:
    known = by_name([one for one in BASE.manifests if one["metadata"]["name"] != "certificates"])
    assert default().keys() == known.keys()
    for key, ours in default().items():
        before, after = flat(known[key]), flat(ours)
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        strange = {path for path in changed if ".labels" not in path and not path.startswith("metadata.namespace")}
        allowed = {f"spec.template.metadata.annotations.{RESTART}"}
        allowed |= {path for path in strange if path.endswith(".image")}  # kustomize puts the tag
        if key == ("StatefulSet", "pg"):
            allowed.add("spec.updateStrategy.type")  # new pods come in our order
        assert strange <= allowed, key


@pytest.mark.parametrize(
    "expression, narrow",
    [
        ("patroni_is_paused == 1", 'patroni_is_paused{namespace="n"} == 1'),
        ("sum by (scope) (patroni_primary) > 1", 'sum by (scope) (patroni_primary{namespace="n"}) > 1'),
        ('rate(etcd_x_bucket{pod=~"etcd-.*"}[5m])', 'rate(etcd_x_bucket{namespace="n",pod=~"etcd-.*"}[5m])'),
    ],
)  # fmt: skip
def test_an_alert_is_of_one_namespace(expression: str, narrow: str) -> None:
    assert narrowed(expression, "n") == narrow


def test_the_files_themselves_are_not_changed() -> None:
    before = yaml.safe_dump(BASE.manifests)
    made(stack(hibernate=True, namespace="elsewhere"))
    assert yaml.safe_dump(BASE.manifests) == before


@pytest.mark.parametrize(
    "given, rolled",
    [
        pytest.param({"patroni": {"timing": "wide"}}, set(), id="timing is a PATCH"),
        pytest.param({"parameters": {"work_mem": "64MB"}}, set(), id="a parameter is a PATCH"),
        pytest.param({"durability": "balanced"}, set(), id="durability is a PATCH"),
        pytest.param({"pooler": {"default_pool_size": 10}}, set(), id="pools are a RELOAD"),
        pytest.param({"replicas": 4}, set(), id="more members leave the others alone"),
        pytest.param({"kubernetes": {"fenced": ["pg-1"]}}, set(), id="fencing is a reload"),
        pytest.param({"kubernetes": {"etcd": {"nodes": 5}}}, {"etcd", "pg", "gateway"}, id="another etcd"),
    ],
)
def test_what_replaces_pods(given: dict[str, Any], rolled: set[str]) -> None:
    before, after = marks(stack()), marks({"config": {"platform": "kubernetes", **given}})
    assert {name for name in before if before[name] != after[name]} == rolled


def test_no_object_lies_outside_the_namespace() -> None:
    for one in made(stack(namespace="team-data", existing_namespace=True)):
        assert one["metadata"]["namespace"] == "team-data"
        for subject in one.get("subjects", []):
            assert subject["namespace"] == "team-data"


def test_no_pod_has_a_token_of_the_api() -> None:
    pods = [one["spec"]["template"]["spec"] for one in made(stack()) if "template" in one.get("spec", {})]
    assert len(pods) == 3
    assert [pod["automountServiceAccountToken"] for pod in pods] == [False] * 3


WITHOUT_ETCD = stack(leader_election="kubernetes")
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


def test_only_members_have_a_token_and_only_where_the_lease_is_with_the_api() -> None:
    """It is mounted into the one container that needs it; Kubernetes itself would mount it into all."""
    pods = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in made(WITHOUT_ETCD)
        if "template" in one.get("spec", {})
    }
    assert {name: pod["automountServiceAccountToken"] for name, pod in pods.items()} == {"pg": False, "gateway": False}
    mounted = {
        f"{name}/{container['name']}"
        for name, pod in pods.items()
        for container in pod["containers"]
        if any(mount["mountPath"] == TOKEN for mount in container["volumeMounts"])
    }
    assert mounted == {"pg/postgres"}
    assert not any(TOKEN in str(one) for one in made(stack()))


def test_without_etcd_nothing_speaks_of_it() -> None:
    objects = made(stack(leader_election="kubernetes", monitoring={"enabled": True}))
    volumes = 'persistentvolumeclaim=~"(data-(pg|etcd)|wal-pg)-.*"'  # one expression for the volumes of all stacks
    named = [identity(one) for one in objects if "etcd" in str(one).replace(volumes, "").replace("(etcd or Kube", "")]
    assert named == []


def test_the_token_opens_patroni_s_config_maps_and_the_members_pods_alone() -> None:
    objects = made({"config": {"platform": "kubernetes", "name": "orders", **WITHOUT_ETCD["config"]}})
    [role] = [one for one in objects if one["kind"] == "Role"]
    named = {tuple(rule["resources"]): rule for rule in role["rules"] if "resourceNames" in rule}
    assert named["configmaps",]["resourceNames"] == [
        "orders-config", "orders-leader", "orders-failover", "orders-sync",
    ]  # fmt: skip
    assert named["pods",]["resourceNames"] == [f"pg-{number}" for number in range(MAX_REPLICAS + 1)]
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list", "watch", "create", "get", "patch"}
    assert {kind for rule in role["rules"] for kind in rule["resources"]} == {"configmaps", "pods"}
    services = {one["metadata"]["name"] for one in objects if one["kind"] == "Service"}
    assert not services & {"orders", *named["configmaps",]["resourceNames"]}, "Patroni writes Endpoints of none of them"


def test_the_rule_about_frozen_members_follows_the_probe() -> None:
    probe = default()["StatefulSet", "pg"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    dead = probe["failureThreshold"] * probe["periodSeconds"] + probe["timeoutSeconds"]
    assert dead + probe["terminationGracePeriodSeconds"] == FROZEN_IS_DEAD


def test_a_word_of_kustomize_that_we_do_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\nnamespace: a\npatches: [{path: b.yaml}]\n")
    with pytest.raises(ValueError, match="patches is not understood"):
        manifests.read(tmp_path)


Change = Callable[[Manifest], Any]


@pytest.mark.parametrize(
    "kubernetes, key, look, expected",
    [
        pytest.param({"hibernate": True}, ("StatefulSet", "pg"), lambda one: one["spec"]["replicas"], 0, id="asleep"),
        pytest.param({"hibernate": True}, ("StatefulSet", "etcd"), lambda one: one["spec"]["replicas"], 3, id="etcd"),
        pytest.param({"resources": {"memory": "4Gi"}}, ("StatefulSet", "pg"),
                     lambda one: one["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"],
                     "4Gi", id="memory"),
        pytest.param({"storage": {"size": "1Ti"}}, ("StatefulSet", "pg"),
                     lambda one: one["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"],
                     "1Ti", id="volume"),
    ],
)  # fmt: skip
def test_a_setting_reaches_its_object(
    kubernetes: dict[str, Any], key: tuple[str, str], look: Change, expected: Any
) -> None:
    assert look(by_name(made(stack(**kubernetes)))[key]) == expected
