"""The judges: they find nothing on k8s/ but what is excepted, and each finds a fault that is planted for it."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest

from components.kubernetes.manifests import identity
from tests.unit.kubernetes.golden import case_names, given, made
from tools.judges import programs
from tools.judges.__main__ import SETS, WITHOUT_ETCD, exceptions, rendered
from tools.judges.finding import unwaived, verdict
from tools.judges.judge import IN_GO, JUDGES, judged

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(2400),  # the first time they are fetched and built
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl, which builds k8s/, is not installed"),
]
Objects = list[dict[str, Any]]
QUICK = ("kubernetes-validate", "kubeconform", "pod-security")
OF_CERT_MANAGER = {"Certificate", "Issuer"}


@cache
def manifests() -> Objects:
    return rendered()


def need(judges: Sequence[str]) -> None:
    missing = IN_GO.intersection(judges)
    if missing and programs.of_go() is None:
        pytest.skip(f"Go, which builds {', '.join(sorted(missing))}, is not installed")


@pytest.mark.parametrize("parts", SETS, ids=["with etcd", "without etcd"])
def test_nothing_is_found_but_what_is_excepted(parts: Sequence[str]) -> None:
    need(list(JUDGES))
    assert verdict(judged(rendered(parts)), exceptions()) == []


def test_the_component_makes_what_kustomize_makes_without_etcd() -> None:
    """By kind and name, and the ConfigMaps, members and rights in full, but for what Pulumi's pods have besides."""
    parts = [one for one in WITHOUT_ETCD if one.startswith("election-kubernetes") and "/" not in one]
    theirs = {identity(one): one for one in rendered(parts) if identity(one)[1] != "certificates"}
    config = {"platform": "kubernetes", "kubernetes": {"leader_election": "kubernetes"}}
    ours = {identity(one): one for one in made({"config": config})}
    assert ours.keys() == theirs.keys()
    for key in ours:
        if key[0] in ("ConfigMap", "Role", "RoleBinding", "NetworkPolicy"):
            assert ours[key] == theirs[key], key
    pods = [one["StatefulSet", "pg"]["spec"]["template"]["spec"] for one in (ours, theirs)]
    for part in ("volumes", "containers"):
        mine, kustomize_s = (sorted(canonical(one) for one in pod[part]) for pod in pods)
        assert mine == kustomize_s


def canonical(part: dict[str, Any]) -> str:
    """Without the order in which what is mounted and set is listed, which kustomize turns round."""
    inner = {key: sorted(map(canonical, part[key])) for key in ("env", "volumeMounts") if key in part}
    return json.dumps(part | inner, sort_keys=True)


@pytest.mark.parametrize("case", case_names())
def test_what_a_stack_sets_is_as_well_formed(case: str) -> None:
    """What the component makes of each stack; cert-manager's own kinds are not Kubernetes' to judge."""
    need(QUICK)
    objects = [one for one in made(given(case)) if one["kind"] not in OF_CERT_MANAGER]
    assert unwaived(judged(objects, QUICK), exceptions()) == []


# --- planted faults ---


def members(objects: Objects) -> dict[str, Any]:
    spec: dict[str, Any] = next(one for one in objects if identity(one) == ("StatefulSet", "pg"))["spec"]
    return spec


def container(objects: Objects) -> dict[str, Any]:
    found: dict[str, Any] = members(objects)["template"]["spec"]["containers"][0]
    return found


def misspell_replicas(objects: Objects) -> None:
    members(objects)["replcas"] = members(objects).pop("replicas")


def a_port_as_text(objects: Objects) -> None:
    container(objects)["ports"][0]["containerPort"] = "5432"


def an_unknown_kind(objects: Objects) -> None:
    next(one for one in objects if identity(one) == ("StatefulSet", "pg"))["apiVersion"] = "apps/v2"


def let_it_escalate(objects: Objects) -> None:
    container(objects)["securityContext"]["allowPrivilegeEscalation"] = True


def run_as_root(objects: Objects) -> None:
    members(objects)["template"]["spec"]["securityContext"] |= {"runAsNonRoot": False, "runAsUser": 0}


def a_folder_of_the_machine(objects: Objects) -> None:
    members(objects)["template"]["spec"]["volumes"].append({"name": "host", "hostPath": {"path": "/"}})


def a_certificate_job_as_root(objects: Objects) -> None:
    job = next(one for one in objects if one["kind"] == "CronJob")["spec"]["jobTemplate"]
    job["spec"]["template"]["spec"]["containers"][0]["securityContext"]["capabilities"] = {"add": ["NET_ADMIN"]}


def no_memory_limit(objects: Objects) -> None:
    del container(objects)["resources"]["limits"]["memory"]


def a_budget_that_fits_nobody(objects: Objects) -> None:
    budget = next(one for one in objects if identity(one) == ("PodDisruptionBudget", "gateway"))
    budget["spec"]["selector"]["matchLabels"] = {"app.kubernetes.io/name": "gatway"}


PLANTED: list[tuple[str, Callable[[Objects], None], str]] = [
    ("kubernetes-validate", misspell_replicas, "'replcas' was unexpected"),
    ("kubernetes-validate", a_port_as_text, "'5432' is not of type"),
    ("kubeconform", misspell_replicas, "additional properties 'replcas' not allowed"),
    ("kubeconform", a_port_as_text, "got string, want"),
    ("kubeconform", an_unknown_kind, "could not find schema for StatefulSet"),
    ("pod-security", let_it_escalate, "must set securityContext.allowPrivilegeEscalation=false"),
    ("pod-security", run_as_root, "runAsUser=0"),
    ("pod-security", a_folder_of_the_machine, "hostPath"),
    ("pod-security", a_certificate_job_as_root, 'must not include "NET_ADMIN"'),
    ("checkov", let_it_escalate, "should not run with allowPrivilegeEscalation"),
    ("checkov", no_memory_limit, "Memory limits should be set"),
    ("kube-score", no_memory_limit, "Memory limit is not set"),
    ("kube-score", a_budget_that_fits_nobody, "No matching PodDisruptionBudget was found"),
]


@pytest.mark.parametrize(
    "judge, plant, said", [pytest.param(*one, id=f"{one[0]}: {one[1].__name__}") for one in PLANTED]
)
def test_each_judge_finds_a_planted_fault(judge: str, plant: Callable[[Objects], None], said: str) -> None:
    need([judge])
    objects = copy.deepcopy(manifests())
    plant(objects)
    found = unwaived(judged(objects, [judge]), exceptions())
    assert any(said in one.text for one in found), [str(one) for one in found]


def test_every_judge_has_a_fault_planted() -> None:
    assert {judge for judge, _, _ in PLANTED} == JUDGES.keys()
