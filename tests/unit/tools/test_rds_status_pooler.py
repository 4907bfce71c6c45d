"""What stands in front of a stack on RDS: ECS's tasks behind the load balancer, or RDS Proxy."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from components.settings.model import Settings
from tests.unit.settings.rds.stacks import settings
from tests.unit.tools.aws_said import health, proxy, service, target, tracked
from tests.unit.tools.test_rds_status import IN_FRONT, STACK, WHOLE, printed
from tools.driver.rds.pooler import Front
from tools.driver.rds.report import report


def in_front(front: Front, stack: Settings = STACK) -> Sequence[str]:
    return report(stack, dataclasses.replace(WHOLE, front=front)).faults


NO_ROOM = {"id": "2", "message": "unable to place a task because no capacity was found"}


@pytest.mark.parametrize(
    ("front", "faults"),
    [
        (Front(), ("there is no pooler: AWS has no PgBouncer of this stack",)),
        (dataclasses.replace(IN_FRONT, service=service(runningCount=2, pendingCount=1)),
         ("2 of 3 tasks of ECS service main-pooler-1a2b3c4 are running",)),
        (dataclasses.replace(IN_FRONT, service=service(runningCount=0, events=[NO_ROOM])),
         ("0 of 3 tasks of ECS service main-pooler-1a2b3c4 are running (unable to place a task because no capacity "
          "was found)",)),
        (dataclasses.replace(IN_FRONT, service=service(status="DRAINING")),
         ("ECS service main-pooler-1a2b3c4 is DRAINING",)),
        (dataclasses.replace(IN_FRONT, service=service(desiredCount=0, runningCount=0)),
         ("no task of ECS service main-pooler-1a2b3c4 is desired, so nobody is let in by PgBouncer",)),
        (dataclasses.replace(IN_FRONT, service=service(
            deployments=[{"status": "PRIMARY", "rolloutState": "FAILED", "rolloutStateReason": "image not pulled"}])),
         ("the last rollout of ECS service main-pooler-1a2b3c4 failed (image not pulled)",)),
        (dataclasses.replace(IN_FRONT, health={6432: health("healthy", "healthy", "unhealthy"), 6433: health()}),
         ("pool.elb:6432 (pooled) is answered by 2 of 3 tasks",
          "pool.elb:6433 (pooled_reader) is closed: no task answers the load balancer")),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be_in_front(front: Front, faults: tuple[str, ...]) -> None:
    assert in_front(front) == faults


def test_a_load_balancer_that_was_not_seen_is_not_called_closed() -> None:
    lack = "elasticloadbalancing:DescribeTargetHealth in eu-central-1 was not answered"
    found = report(STACK, dataclasses.replace(WHOLE, front=Front(service=service(), lack=lack)))
    assert found.faults == (lack,)
    assert [way.name for way in found.ways] == ["writer", "reader"]


def test_more_tasks_than_the_stack_says_are_the_scaling() -> None:
    busy = dataclasses.replace(IN_FRONT, service=service(desiredCount=2, runningCount=3))
    assert in_front(busy) == ()


PROXIED = settings({"pooler": {"kind": "rds_proxy", "image": None}}, replicas=1)


@pytest.mark.parametrize(
    ("front", "faults"),
    [
        (Front(proxy=proxy(), host="main.proxy", health={5432: [target(), tracked()]}), ()),
        (Front(), ("there is no pooler: AWS has no RDS Proxy of this stack",)),
        (Front(proxy=proxy(Status="modifying"), health={5432: [target()]}),
         ("RDS Proxy main-pooler-1a2b3c4 is modifying",)),
        (Front(proxy=proxy(), health={5432: []}), ("RDS Proxy main-pooler-1a2b3c4 has no target",)),
        (Front(proxy=proxy(), health={5432: [target("UNAVAILABLE", Reason="AUTH_FAILURE", Description="no secret")]}),
         ("RDS Proxy main-pooler-1a2b3c4: target main is UNAVAILABLE (AUTH_FAILURE no secret)",)),
    ],
)  # fmt: skip
def test_rds_proxy_in_front(front: Front, faults: tuple[str, ...]) -> None:
    found = report(PROXIED, dataclasses.replace(WHOLE, front=front))
    assert found.faults == faults
    if not faults:
        assert "through RDS Proxy" in printed(found)
        assert "1 of 1 targets healthy" in printed(found)
