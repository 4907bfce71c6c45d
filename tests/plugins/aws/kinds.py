"""KINDS: Pulumi's type of a resource -> what the stand-in knows of it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.plugins.aws import databases, groups, network, pooling, security, watching
from tests.plugins.aws.kind import Kind

_BY_MODULE: Mapping[str, Mapping[str, type[Kind]]] = {
    "rds": {
        "instance": databases.Instance, "cluster": databases.Cluster, "clusterInstance": databases.ClusterMember,
        "parameterGroup": groups.ParameterGroup, "clusterParameterGroup": groups.ClusterParameterGroup,
        "subnetGroup": groups.SubnetGroup, "eventSubscription": groups.EventSubscription, "proxy": groups.Proxy,
        "proxyDefaultTargetGroup": groups.ProxyDefaultTargetGroup, "proxyTarget": groups.ProxyTarget,
        "instanceAutomatedBackupsReplication": groups.ReplicatedBackups,
    },
    "ec2": {
        "vpc": network.Vpc, "subnet": network.Subnet, "securityGroup": network.SecurityGroup,
        "routeTable": network.RouteTable, "routeTableAssociation": network.RouteTableAssociation,
        "vpcEndpoint": network.VpcEndpoint, "defaultSecurityGroup": network.DefaultSecurityGroup,
    },
    "vpc": {"securityGroupIngressRule": network.IngressRule, "securityGroupEgressRule": network.EgressRule},
    "route53": {"zone": network.Zone, "record": network.Record},
    "kms": {"key": security.Key, "alias": security.Alias},
    "iam": {
        "role": security.Role, "rolePolicy": security.RolePolicy, "policy": security.Policy,
        "rolePolicyAttachment": security.Attachment,
    },
    "secretsmanager": {
        "secret": security.Secret, "secretVersion": security.SecretVersion, "secretRotation": watching.SecretRotation,
    },
    "cloudwatch": {"logGroup": watching.LogGroup, "metricAlarm": watching.MetricAlarm, "dashboard": watching.Dashboard},
    "sns": {
        "topic": watching.Topic, "topicPolicy": watching.TopicPolicy, "topicSubscription": watching.TopicSubscription,
    },
    "ecs": {"cluster": pooling.EcsCluster, "taskDefinition": pooling.TaskDefinition, "service": pooling.Service},
    "lb": {"loadBalancer": pooling.LoadBalancer, "targetGroup": pooling.TargetGroup, "listener": pooling.Listener},
    "appautoscaling": {"target": pooling.ScalableTarget, "policy": pooling.ScalingPolicy},
}  # fmt: skip

KINDS: Mapping[str, Kind] = {
    f"aws:{module}/{name}:{name[0].upper()}{name[1:]}": kind()
    for module, kinds in _BY_MODULE.items()
    for name, kind in kinds.items()
}
