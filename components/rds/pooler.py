"""PgBouncer beside RDS: ECS Fargate tasks in every zone behind an internal load balancer, TLS on both sides.

The load balancer passes TLS through, so clients verify PgBouncer itself, by our own CA. Balancer and tasks are in the
pooler's security group, whose consumers the network lets in; it reaches itself, the database, and AWS's interfaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.access.generated_password import GeneratedPassword
from components.rds import pooler_arguments as arguments
from components.rds import pooler_containers as running
from components.rds import pooler_tasks as tasks
from components.rds.pooler_certificate import PoolerCertificate
from components.rds.resource import Resource, Scope

PASSWORD_LENGTH = 40
Text = pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class PoolerGround:
    """What the pooler stands on. `readers` empty: read-only sessions go to the writer.

    `group` is the pooler's own security group. `key_arn` None: AWS's managed keys. `topic_arn` None: alarms tell
    nobody. `after` has to be there before a task starts. `login_version` counts up for a new password of PgBouncer's
    own login.
    """

    vpc: Text
    subnets: Sequence[Text]
    group: Text
    key_arn: Text | None
    writer: Text
    readers: Sequence[Text]
    topic_arn: Text | None
    login_version: int = 1
    after: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """`host` serves read-write sessions at rds.pooler.port, read-only ones at the next; `ca` verifies both.

    `password` is that of PgBouncer's own login, a secret: None with RDS Proxy, which logs in as its clients do.
    `ca` None: Amazon's public CAs. `service` is what Session Manager finds a task by.
    """

    host: pulumi.Output[str]
    reader_host: pulumi.Output[str]
    ca: pulumi.Output[str] | None = None
    password: pulumi.Output[str] | None = None
    cluster: pulumi.Output[str] | None = None
    service: pulumi.Output[str] | None = None
    parts: list[Resource] = field(default_factory=list)


def pgbouncer(scope: Scope, ground: PoolerGround) -> Pooled:
    """Load balancer, certificate, secret, tasks, scaling and alarms."""
    settings = scope.settings
    _rules(scope, ground)
    inputs = arguments.load_balancer(settings, list(ground.subnets), ground.group)
    balancer = scope.make("lb.LoadBalancer", "pooler", inputs, ("arn", "dnsName", "arnSuffix"))
    doors = [_door(scope, ground, balancer, end) for end in running.ENDS]
    certificate = _certificate(scope, balancer)
    password = _password(scope, ground)
    version = _secret(scope, ground, certificate, password)
    service = tasks.service(scope, ground, version, doors)
    tasks.scaling(scope, service)
    _alarms(scope, ground, service, {"balancer": balancer, **{door.end: door.group for door in doors}})
    return Pooled(
        host=balancer["dnsName"],
        reader_host=balancer["dnsName"],
        ca=certificate.ca,
        password=password,
        cluster=service["cluster"],
        service=service["name"],
        parts=[service],
    )


def _rules(scope: Scope, ground: PoolerGround) -> None:
    """From the balancer to the tasks, both in one group; and what ECS fetches through the task's own interface."""
    inward, outward, out = arguments.rules(scope.settings, ground.group)
    scope.make("vpc.SecurityGroupIngressRule", "pooler-to-itself", inward)
    scope.make("vpc.SecurityGroupEgressRule", "pooler-to-itself", outward)
    scope.make("vpc.SecurityGroupEgressRule", "pooler-to-aws", out)


def _door(scope: Scope, ground: PoolerGround, balancer: Resource, end: str) -> tasks.Door:
    """A port of the balancer and the tasks behind it."""
    inputs = arguments.target_group(scope.settings, ground.vpc, end)
    group = scope.make("lb.TargetGroup", f"pooler-{end}", inputs, ("arn", "arnSuffix"))
    listener = arguments.listener(scope.settings, balancer["arn"], group["arn"], end)
    return tasks.Door(end=end, group=group, listener=scope.make("lb.Listener", f"pooler-{end}", listener))


def _certificate(scope: Scope, balancer: Resource) -> PoolerCertificate:
    dns, name = scope.settings.rds.dns, f"{scope.name}-pooler"
    names: list[Text] = [one for one in (dns.pooled, dns.pooled_reader) if one] if dns else []
    options = pulumi.ResourceOptions(parent=scope.component)
    return PoolerCertificate(name, name, [balancer["dnsName"], *names], options)


def _password(scope: Scope, ground: PoolerGround) -> pulumi.Output[str]:
    options = pulumi.ResourceOptions(parent=scope.component)
    made = GeneratedPassword(f"{scope.name}-pooler", length=PASSWORD_LENGTH, rotate=ground.login_version, opts=options)
    return made.password


def _secret(
    scope: Scope, ground: PoolerGround, certificate: PoolerCertificate, password: pulumi.Output[str]
) -> Resource:
    held = scope.make("secretsmanager.Secret", "pooler", arguments.secret(scope.settings, ground.key_arn), ("arn",))
    text = pulumi.Output.all(certificate.certificate, certificate.key, password).apply(
        lambda parts: running.secret_text(*parts)
    )
    inputs: dict[str, Any] = {"secretId": held["arn"], "secretString": pulumi.Output.secret(text)}
    return scope.make("secretsmanager.SecretVersion", "pooler", inputs, ("versionId",))


def _alarms(scope: Scope, ground: PoolerGround, service: Resource, parts: Mapping[str, Resource]) -> None:
    cluster = service["cluster"].apply(lambda arn: str(arn).rpartition("/")[2])
    for alarm in arguments.alarms(scope.settings):
        by: dict[str, Any] = {"ClusterName": cluster, "ServiceName": service["name"]}
        if alarm.of in parts:
            by = {"TargetGroup": parts[alarm.of]["arnSuffix"], "LoadBalancer": parts["balancer"]["arnSuffix"]}
        inputs = arguments.alarm(scope.settings, alarm, by, ground.topic_arn)
        scope.make("cloudwatch.MetricAlarm", f"pooler-{alarm.name}", inputs)
