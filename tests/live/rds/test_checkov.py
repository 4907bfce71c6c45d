"""checkov on the graph of five stacks: nothing but what exceptions.yaml explains; and it sees what is planted."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.mocks.rds import terraform_plan
from tests.mocks.rds.graph import Graph
from tests.mocks.rds.stacks import graph
from tools.judges import programs
from tools.judges.finding import Finding, Waived, unwaived

pytestmark = pytest.mark.live
STACKS = ("small", "prod", "regions", "cluster", "aurora")
EXCEPTIONS = Path(terraform_plan.__file__).with_name("exceptions.yaml")
LIMIT_S = 300


def exceptions(replicas: Iterable[str]) -> list[Waived]:
    """`replicas` stands for each of them."""
    given = [Waived(**one) for one in yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))]
    names = {"replicas": sorted(replicas)}
    return [
        Waived(one.judge, one.rule, name, one.reason) for one in given for name in names.get(one.objects, [one.objects])
    ]


def replicas_of(found: Graph) -> set[str]:
    return set(found.of("rds.Instance")) - {"main-primary"}


def checkov(folder: Path, plans: dict[str, Any]) -> dict[str, list[Finding]]:
    """What it says of each plan, by its name; one run, since its start takes longest."""
    for name, plan in plans.items():
        (folder / f"{name}.json").write_text(json.dumps(plan), encoding="utf-8")
    program = programs.of_python() / "bin" / "checkov"
    command = [str(program), "-d", str(folder), "--framework", "terraform_plan", "--skip-download", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    results = json.loads(done.stdout)["results"]
    assert len(results["passed_checks"]) > 100, "it read something"
    said: dict[str, list[Finding]] = {name: [] for name in plans}
    for one in results["failed_checks"]:
        name = Path(one["file_path"]).stem
        said[name].append(Finding("checkov", one["check_id"], one["resource"].replace(".", "/"), one["check_name"]))
    return said


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """Of the stacks as they are, and of the prod stack with each fault."""
    plans = {stack: terraform_plan.plan(graph(stack)[0]) for stack in STACKS}
    faulty = {f"fault-{number}": _with(plans["prod"], fault) for number, (fault, _) in enumerate(FAULTS)}
    return checkov(tmp_path_factory.mktemp("plans"), {**plans, **faulty})


def test_every_type_of_aws_is_translated() -> None:
    assert {stack: terraform_plan.unknown(graph(stack)[0]) for stack in STACKS} == {stack: set() for stack in STACKS}


@pytest.mark.parametrize("stack", STACKS)
def test_it_says_nothing_that_is_not_explained(said: dict[str, list[Finding]], stack: str) -> None:
    assert list(map(str, unwaived(said[stack], exceptions(replicas_of(graph(stack)[0]))))) == []


def test_no_exception_is_kept_that_it_asks_for_no_more(said: dict[str, list[Finding]]) -> None:
    found = [one for stack in STACKS for one in said[stack]]
    replicas = {name for stack in STACKS for name in replicas_of(graph(stack)[0])}
    asked = {
        (one.rule, one.objects in replicas or one.objects)
        for one in exceptions(replicas)
        if any(map(one.covers, found))
    }
    assert {(one.rule, one.objects in replicas or one.objects) for one in exceptions(replicas)} - asked == set()


def planted(type_: str, **values: Any) -> Callable[[str], dict[str, Any] | None]:
    """Other values for every resource of a type."""
    return lambda found: values if found == type_ else None


FAULTS: list[tuple[Callable[[str], dict[str, Any] | None], str]] = [
    (planted("aws_db_instance", publicly_accessible=True), "CKV_AWS_17"),
    (planted("aws_db_instance", storage_encrypted=False), "CKV_AWS_16"),
    (planted("aws_db_instance", deletion_protection=False), "CKV_AWS_293"),
    (planted("aws_db_instance", iam_database_authentication_enabled=False), "CKV_AWS_161"),
    (planted("aws_db_instance", enabled_cloudwatch_logs_exports=[]), "CKV_AWS_129"),
    (planted("aws_db_instance", auto_minor_version_upgrade=False), "CKV_AWS_226"),
    (planted("aws_kms_key", enable_key_rotation=False), "CKV_AWS_7"),
    (planted("aws_cloudwatch_log_group", retention_in_days=7), "CKV_AWS_338"),
    (planted("aws_sns_topic", kms_master_key_id=None), "CKV_AWS_26"),
    (planted("aws_default_security_group", ingress=[{"protocol": "-1", "self": True}]), "CKV2_AWS_12"),
    (planted("aws_vpc_security_group_ingress_rule", cidr_ipv4="0.0.0.0/0", from_port=22, to_port=22), "CKV_AWS_24"),
]


def _with(plan: dict[str, Any], fault: Callable[[str], dict[str, Any] | None]) -> dict[str, Any]:
    made = copy.deepcopy(plan)
    changes = {one["address"]: one["change"]["after"] for one in made["resource_changes"]}
    for one in made["planned_values"]["root_module"]["resources"]:
        if values := fault(one["type"]):
            one["values"].update(values)
            changes[one["address"]].update(values)
    for one in made["configuration"]["root_module"]["resources"]:
        if values := fault(one["type"]):
            one["expressions"].update({name: {"constant_value": value} for name, value in values.items()})
    return made


@pytest.mark.parametrize("number, rule", list(enumerate(rule for _, rule in FAULTS)), ids=[rule for _, rule in FAULTS])
def test_it_sees_what_is_planted(said: dict[str, list[Finding]], number: int, rule: str) -> None:
    assert rule not in {one.rule for one in unwaived(said["prod"], exceptions(replicas_of(graph("prod")[0])))}
    assert rule in {one.rule for one in said[f"fault-{number}"]}
