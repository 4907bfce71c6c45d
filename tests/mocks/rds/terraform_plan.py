"""A stack's resources as a Terraform plan, hand-made: what checkov reads. Nobody could apply it.

Pulumi's names are Terraform's in other letters, with lists in the plural; a block that stands once is a list of one
there. A value that another resource gives becomes a reference to it, without which checkov's rules across resources see
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.mocks.rds.graph import ACCOUNT, Graph

Plain = dict[str, Any]
TYPES: Mapping[str, str] = {
    "rds.Instance": "aws_db_instance",
    "rds.Cluster": "aws_rds_cluster",
    "rds.ClusterInstance": "aws_rds_cluster_instance",
    "rds.ParameterGroup": "aws_db_parameter_group",
    "rds.ClusterParameterGroup": "aws_rds_cluster_parameter_group",
    "rds.SubnetGroup": "aws_db_subnet_group",
    "rds.EventSubscription": "aws_db_event_subscription",
    "rds.InstanceAutomatedBackupsReplication": "aws_db_instance_automated_backups_replication",
    "rds.Proxy": "aws_db_proxy",
    "rds.ProxyDefaultTargetGroup": "aws_db_proxy_default_target_group",
    "rds.ProxyTarget": "aws_db_proxy_target",
    "rds.ProxyEndpoint": "aws_db_proxy_endpoint",
    "kms.Key": "aws_kms_key",
    "kms.Alias": "aws_kms_alias",
    "iam.Role": "aws_iam_role",
    "iam.RolePolicy": "aws_iam_role_policy",
    "iam.Policy": "aws_iam_policy",
    "iam.RolePolicyAttachment": "aws_iam_role_policy_attachment",
    "secretsmanager.Secret": "aws_secretsmanager_secret",
    "secretsmanager.SecretVersion": "aws_secretsmanager_secret_version",
    "secretsmanager.SecretRotation": "aws_secretsmanager_secret_rotation",
    "cloudwatch.LogGroup": "aws_cloudwatch_log_group",
    "cloudwatch.MetricAlarm": "aws_cloudwatch_metric_alarm",
    "cloudwatch.Dashboard": "aws_cloudwatch_dashboard",
    "sns.Topic": "aws_sns_topic",
    "sns.TopicPolicy": "aws_sns_topic_policy",
    "sns.TopicSubscription": "aws_sns_topic_subscription",
    "ec2.Vpc": "aws_vpc",
    "ec2.Subnet": "aws_subnet",
    "ec2.RouteTable": "aws_route_table",
    "ec2.RouteTableAssociation": "aws_route_table_association",
    "ec2.SecurityGroup": "aws_security_group",
    "ec2.DefaultSecurityGroup": "aws_default_security_group",
    "ec2.VpcEndpoint": "aws_vpc_endpoint",
    "vpc.SecurityGroupIngressRule": "aws_vpc_security_group_ingress_rule",
    "vpc.SecurityGroupEgressRule": "aws_vpc_security_group_egress_rule",
    "route53.Record": "aws_route53_record",
    "ecs.Cluster": "aws_ecs_cluster",
    "ecs.Service": "aws_ecs_service",
    "ecs.TaskDefinition": "aws_ecs_task_definition",
    "lb.LoadBalancer": "aws_lb",
    "lb.TargetGroup": "aws_lb_target_group",
    "lb.Listener": "aws_lb_listener",
    "appautoscaling.Target": "aws_appautoscaling_target",
    "appautoscaling.Policy": "aws_appautoscaling_policy",
}
SINGULAR: Mapping[str, str] = {
    "parameters": "parameter", "auths": "auth", "load_balancers": "load_balancer", "default_actions": "default_action",
    "volumes": "volume", "settings": "setting", "weighted_routing_policies": "weighted_routing_policy",
    "routes": "route",
}  # fmt: skip
PLAIN_MAPS = ("tags", "dimensions")


def plan(graph: Graph) -> Plain:
    """All resources of AWS; those of dynamic providers are nothing that Terraform knows."""
    resources = {key: inputs for key, inputs in graph.resources.items() if key[0] in TYPES}
    given = _given(resources)
    planned = [_resource(key, inputs) for key, inputs in resources.items()]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": [
            {**{name: one[name] for name in ("address", "type", "name", "mode")},
             "change": {"actions": ["create"], "before": None, "after": one["values"]}}
            for one in planned
        ],
        "configuration": {
            "root_module": {"resources": [_configured(key, inputs, given) for key, inputs in resources.items()]}
        },
    }  # fmt: skip


def unknown(graph: Graph) -> set[str]:
    """Types of AWS that this translation does not know: then it would be blind."""
    own = ("pulumi:", "pulumi-python:", "postgres-ha:")
    return {kind for kind, _ in graph.resources if kind not in TYPES and not kind.startswith(own)}


def address(kind: str, name: str) -> str:
    return f"{TYPES[kind]}.{name}"


def _resource(key: tuple[str, str], inputs: Mapping[str, Any]) -> Plain:
    kind, name = key
    values = _block(inputs)
    return {"address": address(kind, name), "mode": "managed", "type": TYPES[kind], "name": name, "values": values}


def _block(inputs: Mapping[str, Any]) -> Plain:
    return {_snake(name): _value(_snake(name), value) for name, value in inputs.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value) if name in PLAIN_MAPS else [_block(value)]
    if isinstance(value, list):
        return [_block(one) if isinstance(one, Mapping) else one for one in value]
    return value


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return SINGULAR.get(words, words)


def _given(resources: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, list[str]]:
    """Value -> the attributes of other resources that it may be, as the mocks make ids, ARNs and names."""
    found: dict[str, list[str]] = {}
    for kind, name in resources:
        here = address(kind, name)
        region = resources[kind, name].get("region", "eu-central-1")
        arn = f"arn:aws:{kind}:{region}:{ACCOUNT}:{name}"
        for value, attribute in ((f"{name}-id", "id"), (f"{name}-1a2b3c4", "name"), (arn, "arn")):
            found.setdefault(value, []).append(f"{here}.{attribute}")
    return found


def _configured(key: tuple[str, str], inputs: Mapping[str, Any], given: Mapping[str, list[str]]) -> Plain:
    kind, name = key
    return {"address": address(kind, name), "mode": "managed", "type": TYPES[kind], "name": name,
            "provider_config_key": "aws", "expressions": _expressions(inputs, given)}  # fmt: skip


def _expressions(inputs: Mapping[str, Any], given: Mapping[str, list[str]]) -> Plain:
    return {_snake(label): _expression(label, value, given) for label, value in inputs.items()}


def _expression(label: str, value: Any, given: Mapping[str, list[str]]) -> Any:
    blocks = [value] if isinstance(value, Mapping) else value if isinstance(value, list) else []
    if blocks and _snake(label) not in PLAIN_MAPS and all(isinstance(one, Mapping) for one in blocks):
        return [_expressions(one, given) for one in blocks]
    texts = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    named = [_meant(label, given[text]) for text in texts if text in given]
    if named:
        return {"references": [word for one in named for word in (one, one.rpartition(".")[0])]}
    return {"constant_value": value}


def _meant(label: str, may_be: list[str]) -> str:
    """The mocks give one id to all resources of a name; which is meant follows from where the id stands."""
    words = label.lower()
    fitting = [one for one in may_be if one.partition(".")[0].removeprefix("aws_").replace("_", "") in words]
    return (fitting or may_be)[0]
