"""What goes into the resources of PgBouncer beside RDS, save for what runs in its tasks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.rds.arguments import Arguments, given, tags
from components.rds.pooler_containers import ENDS, READ_ONLY, READ_WRITE, listens, reaches_by_task
from components.settings.model import Settings
from components.settings.rds.replicas import identifier

BUSY_PERCENT = 60.0  # of CPU, averaged over the tasks: above it a task is added
DRAIN_S = 120  # how long a task that leaves still serves its clients
IDLE_S = 6000  # the longest that the balancer can: an idle client of a pool is no fault
GRACE_S = 60  # a fresh task need not answer before this
HTTPS = 443
BALANCER_PREFIX = "pool-"  # names of balancers and target groups have 32 characters, their prefix 6
PREFIXES = {READ_WRITE: "pg-rw-", READ_ONLY: "pg-ro-"}


def load_balancer(settings: Settings, subnets: list[Any], group: Any) -> Arguments:
    """Internal, in every zone; TLS goes through it untouched."""
    return {
        "namePrefix": BALANCER_PREFIX,
        "loadBalancerType": "network",
        "internal": True,
        "subnets": subnets,
        "securityGroups": [group],
        "enableCrossZoneLoadBalancing": True,
        "enableDeletionProtection": settings.rds.protection,
        "tags": tags(settings),
    }


def target_group(settings: Settings, vpc: Any, end: str) -> Arguments:
    """The tasks behind a port. Health is PgBouncer's alone: see the containers' own check."""
    port = listens(settings)[end]
    health = {
        "protocol": "TCP",
        "port": str(port),
        "interval": 10,
        "timeout": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
    }
    return {
        "namePrefix": PREFIXES[end],
        "port": port,
        "protocol": "TCP",
        "targetType": "ip",
        "vpcId": vpc,
        "deregistrationDelay": DRAIN_S,
        "connectionTermination": True,
        "preserveClientIp": "false",  # else a client in the same subnet could not be answered
        "healthCheck": health,
        "tags": tags(settings),
    }


def listener(settings: Settings, balancer: Any, group: Any, end: str) -> Arguments:
    """One port of the balancer."""
    return {
        "loadBalancerArn": balancer,
        "port": listens(settings)[end],
        "protocol": "TCP",
        "tcpIdleTimeoutSeconds": IDLE_S,
        "defaultActions": [{"type": "forward", "targetGroupArn": group}],
        "tags": tags(settings),
    }


def rules(settings: Settings, group: Any) -> tuple[Arguments, Arguments, Arguments]:
    """In from the balancer, out to the tasks (both are in `group`), and out to AWS's own interfaces."""
    ports = listens(settings)
    base = {"securityGroupId": group, "ipProtocol": "tcp", "tags": tags(settings)}
    itself = {
        **base,
        "fromPort": ports[READ_WRITE],
        "toPort": ports[READ_ONLY],
        "referencedSecurityGroupId": group,
        "description": "from the load balancer to PgBouncer",
    }
    # By interface endpoints or a NAT gateway, whose addresses an existing VPC does not tell us.
    out = {**base, "fromPort": HTTPS, "toPort": HTTPS, "cidrIpv4": "0.0.0.0/0", "description": "image, secret and log"}
    return itself, itself, out


def secret(settings: Settings, key_arn: Any) -> Arguments:
    """Holds PgBouncer's certificate, key and own login."""
    return given(
        {
            "description": f"PgBouncer of {identifier(settings)}: certificate, key and its own login",
            "kmsKeyId": key_arn,
            "recoveryWindowInDays": 30 if settings.rds.environment != "throwaway" else 0,
            "tags": tags(settings),
        }
    )


def log_group(settings: Settings, key_arn: Any) -> Arguments:
    """What PgBouncer says; it never logs a statement nor a password."""
    return given(
        {
            "name": f"/postgres-platform/{identifier(settings)}/pooler",
            "retentionInDays": settings.rds.logs.retention,
            "kmsKeyId": key_arn,
            "tags": tags(settings),
        }
    )


def cluster(settings: Settings) -> Arguments:
    """A cluster of its own, so that nobody else's rights reach these tasks."""
    return {"settings": [{"name": "containerInsights", "value": "enabled"}], "tags": tags(settings)}


def task_definition(settings: Settings, containers: Any, execution: Any, own: Any) -> Arguments:
    """One task: both poolers."""
    return {
        "family": f"{identifier(settings)}-pooler",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"},
        "cpu": str(settings.rds.pooler.cpu),
        "memory": str(settings.rds.pooler.memory),
        "executionRoleArn": execution,
        "taskRoleArn": own,
        "containerDefinitions": containers,
        "volumes": [{"name": end} for end in ENDS],
        "tags": tags(settings),
    }


def service(
    settings: Settings, *, cluster: Any, task: Any, subnets: Sequence[Any], group: Any, targets: Mapping[str, Any]
) -> Arguments:
    """Keeps the tasks up; a new revision comes up beside the old one, and is taken back when it does not answer."""
    return {
        "cluster": cluster,
        "taskDefinition": task,
        "desiredCount": settings.rds.pooler.tasks,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "enableExecuteCommand": reaches_by_task(settings),
        "availabilityZoneRebalancing": "ENABLED",
        "deploymentMinimumHealthyPercent": 100,
        "deploymentMaximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "healthCheckGracePeriodSeconds": GRACE_S,
        "networkConfiguration": {"subnets": list(subnets), "securityGroups": [group], "assignPublicIp": False},
        "loadBalancers": [
            {"targetGroupArn": targets[end], "containerName": end, "containerPort": port}
            for end, port in listens(settings).items()
        ],
        "propagateTags": "SERVICE",
        "tags": tags(settings),
    }


def scalable(service_arn: str) -> str:
    """What scaling calls the service: arn:...:service/a/b -> service/a/b."""
    return f"service/{service_arn.partition(':service/')[2]}"


def scaling_target(settings: Settings, resource: Any) -> Arguments:
    """Between how many and how many."""
    asked = settings.rds.pooler
    return {**_scaled(resource), "minCapacity": asked.tasks, "maxCapacity": asked.max_tasks}


def scaling_policy(resource: Any) -> Arguments:
    """By CPU, which is what TLS and PgBouncer's one thread run out of first."""
    by = {"predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"}}
    pace = {"targetValue": BUSY_PERCENT, "scaleOutCooldown": 60, "scaleInCooldown": 600}
    return {
        **_scaled(resource),
        "policyType": "TargetTrackingScaling",
        "targetTrackingScalingPolicyConfiguration": {**by, **pace},
    }


def _scaled(resource: Any) -> Arguments:
    return {"resourceId": resource, "scalableDimension": "ecs:service:DesiredCount", "serviceNamespace": "ecs"}


@dataclass(frozen=True, kw_only=True)
class PoolerAlarm:
    """One alarm. `of`: which name it is watched by, the service's or a target group's."""

    name: str
    of: str
    namespace: str
    metric: str
    statistic: str
    comparison: str
    threshold: float
    periods: int
    missing: str = "breaching"


def alarms(settings: Settings) -> list[PoolerAlarm]:
    """Tasks that are short of CPU or memory, and a listener that too few tasks answer."""
    if not settings.rds.alarms.enabled:
        return []
    above, below, few = "GreaterThanThreshold", "LessThanThreshold", max(1, settings.rds.pooler.tasks - 1)
    load = [
        PoolerAlarm(
            name=name, of="service", namespace="AWS/ECS", metric=metric, statistic="Average", comparison=above,
            threshold=85, periods=10,
        )
        for name, metric in (("cpu", "CPUUtilization"), ("memory", "MemoryUtilization"))
    ]  # fmt: skip
    answering = [
        PoolerAlarm(
            name=f"{name}-healthy", of=name, namespace="AWS/NetworkELB", metric="HealthyHostCount",
            statistic="Minimum", comparison=below, threshold=few, periods=3,
        )
        for name in listens(settings)
    ]  # fmt: skip
    return [*load, *answering]


def alarm(settings: Settings, asked: PoolerAlarm, by: Mapping[str, Any], topic: Any) -> Arguments:
    """CloudWatch's words for one alarm; `by` are its dimensions."""
    tell = [topic] if topic else []
    return {
        "namespace": asked.namespace,
        "metricName": asked.metric,
        "dimensions": dict(by),
        "statistic": asked.statistic,
        "comparisonOperator": asked.comparison,
        "threshold": asked.threshold,
        "period": 60,
        "evaluationPeriods": asked.periods,
        "treatMissingData": asked.missing,
        "alarmActions": tell,
        "okActions": tell,
        "tags": tags(settings),
    }
