"""Declares the pooler's tasks: their log, their roles, what runs in them, the service that keeps them, its scaling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.rds import pooler_arguments as arguments
from components.rds import pooler_containers as running
from components.rds import pooler_policies as policies
from components.rds.arguments import tags
from components.rds.resource import Resource, Scope

if TYPE_CHECKING:
    from components.rds.pooler import PoolerGround


@dataclass(frozen=True, kw_only=True)
class Door:
    """A port of the load balancer. `end` is read-write or read-only."""

    end: str
    group: Resource
    listener: Resource


def service(scope: Scope, ground: PoolerGround, secret: Resource, doors: Sequence[Door]) -> Resource:
    """Keeps the tasks up. The number is the stack's only at first: scaling changes it later."""
    settings = scope.settings
    log = scope.make("cloudwatch.LogGroup", "pooler", arguments.log_group(settings, ground.key_arn), ("arn", "name"))
    cluster = scope.make("ecs.Cluster", "pooler", arguments.cluster(settings), ("arn",))
    asked = arguments.service(
        settings,
        cluster=cluster["arn"],
        task=_task(scope, ground, secret, log)["arn"],
        subnets=list(ground.subnets),
        group=ground.group,
        targets={door.end: door.group["arn"] for door in doors},
    )
    # ECS refuses a target group that no listener leads to yet.
    before = [*(door.listener for door in doors), *ground.after]
    options = pulumi.ResourceOptions(ignore_changes=["desiredCount"], depends_on=before)
    return scope.make("ecs.Service", "pooler", asked, ("name",), options)


def _task(scope: Scope, ground: PoolerGround, secret: Resource, log: Resource) -> Resource:
    """A new certificate or password is a new version of the secret, hence a new revision and fresh tasks."""
    settings = scope.settings
    known = pulumi.Output.all(secret["secretId"], ground.key_arn, log["arn"])
    image = str(settings.rds.pooler.image)
    may = known.apply(lambda arns: policies.execution(arns[0], arns[1], arns[2], scope.region, image))
    execution = _role(scope, "execution", may)
    own = _role(scope, "task", policies.task() if running.reaches_by_task(settings) else None)
    containers = pulumi.Output.all(
        secret["secretId"], secret["versionId"], log["name"], ground.writer, list(ground.readers)
    ).apply(lambda found: _containers(scope, *found))
    inputs = arguments.task_definition(settings, containers, execution["arn"], own["arn"])
    return scope.make("ecs.TaskDefinition", "pooler", inputs, ("arn",))


def _containers(scope: Scope, secret: str, version: str, log: str, writer: str, readers: list[str]) -> str:
    around = running.Around(secret_arn=secret, secret_version=version, log_group=log, region=scope.region)
    return running.containers(scope.settings, running.backends(scope.settings, writer, readers), around)


def _role(scope: Scope, kind: str, policy: pulumi.Input[str] | None) -> Resource:
    trust = scope.account.apply(lambda account: policies.trust("ecs-tasks.amazonaws.com", account))
    inputs = {"assumeRolePolicy": trust, "tags": tags(scope.settings)}
    role = scope.make("iam.Role", f"pooler-{kind}", inputs, ("arn", "name"))
    if policy is not None:
        scope.make("iam.RolePolicy", f"pooler-{kind}", {"role": role["name"], "policy": policy})
    return role


def scaling(scope: Scope, of: Resource) -> None:
    """More tasks when they are busy, fewer slowly: each task that goes cuts its clients off."""
    resource = of.id.apply(arguments.scalable)
    target = scope.make("appautoscaling.Target", "pooler", arguments.scaling_target(scope.settings, resource))
    options = pulumi.ResourceOptions(depends_on=[target])
    scope.make("appautoscaling.Policy", "pooler", arguments.scaling_policy(resource), opts=options)
