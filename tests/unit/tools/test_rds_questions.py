"""What is asked of AWS one after another, where the answer before may be out of date already."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.rds.stacks import settings
from tests.unit.tools.aws_said import ACCOUNT, HOME, health, instance, replica, said, service
from tools.driver.rds import questions
from tools.driver.rds.asking import Aws

ECS, BALANCING = f"arn:aws:ecs:{HOME}:{ACCOUNT}", f"arn:aws:elasticloadbalancing:{HOME}:{ACCOUNT}"
GROUP, BALANCER = f"{BALANCING}:targetgroup/pooled/1", f"{BALANCING}:loadbalancer/net/main/1"
POOLER = service(
    taskDefinition=f"{ECS}:task-definition/main-pooler:1", loadBalancers=[{"targetGroupArn": GROUP}], desiredCount=1
)
GROUPS = said(
    "elbv2",
    "DescribeTargetGroups",
    {"TargetGroups": [{"TargetGroupArn": GROUP, "Port": 6432, "LoadBalancerArns": [BALANCER]}]},
)
ANSWERS = {
    "DescribeDBInstances": [instance(), replica()],
    "ListClusters": [f"{ECS}:cluster/main-pooler-1a2b3c4"],
    "ListServices": [f"{ECS}:service/main-pooler-1a2b3c4"],
    "DescribeServices": {"services": [POOLER]},
    "DescribeTargetGroups": GROUPS["TargetGroups"],
    "DescribeTargetHealth": {"TargetHealthDescriptions": health("healthy")},
}


class Answers(Aws):
    """In place of AWS, which knows nothing else."""

    def ask(self, _service: str, _region: str, question: str, **_: Any) -> Any:
        return ANSWERS[question]

    def listed(self, _service: str, _region: str, question: str, _key: str, **_: Any) -> Any:
        return ANSWERS.get(question, [])


def test_a_load_balancer_that_goes_meanwhile_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "Aws", Answers)
    found = questions.look(settings(replicas=1))
    assert {way.name: way.address for way in found.ways}["pooled"] == "unknown:6432"
