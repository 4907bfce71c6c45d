"""ECS, load balancers and their scaling."""

from __future__ import annotations

import json
from typing import Any

from tests.plugins.aws import answered, words
from tests.plugins.aws.kind import Aws, Kind, none_if_gone
from tests.plugins.protocol_values import Props


def lower(value: Any) -> Any:
    """JSON that Pulumi takes as text, as the API's objects."""
    return json.loads(value) if isinstance(value, str) else value


class EcsCluster(Kind):
    """aws:ecs/cluster:Cluster."""

    service, creates = "ecs", "CreateCluster"
    aliases = {"name": "clusterName"}

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        rows = aws.call("ecs", "DescribeClusters", clusters=[id_])["clusters"]
        return dict(rows[0]) if rows and rows[0]["status"] != "INACTIVE" else None

    def create(self, aws: Aws, inputs: Props) -> str:
        return str(aws.call("ecs", self.creates, **self.request(aws, self.creates, inputs))["cluster"]["clusterArn"])

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": id_}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("ecs", "DeleteCluster", cluster=id_)


class TaskDefinition(Kind):
    """aws:ecs/taskDefinition:TaskDefinition: every change is a new revision."""

    service, creates = "ecs", "RegisterTaskDefinition"
    autonames = False
    replacing = frozenset(
        {"family", "containerDefinitions", "cpu", "memory", "networkMode", "executionRoleArn", "taskRoleArn"}
        | {"requiresCompatibilities", "volumes", "runtimePlatform"}
    )
    ignored = frozenset({"tags", "skipDestroy", "trackLatest"})

    def create(self, aws: Aws, inputs: Props) -> str:
        asked = {**inputs, "containerDefinitions": lower(inputs["containerDefinitions"])}
        answer = aws.call("ecs", self.creates, **self.request(aws, self.creates, asked))
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("ecs", "DescribeTaskDefinition", taskDefinition=id_))
        gone = not answer or answer["taskDefinition"].get("status") == "INACTIVE"
        return None if gone else dict(answer["taskDefinition"])

    def found(self, said: Props, inputs: Props) -> Props:
        return dict(inputs)  # a revision never changes

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": id_, "revision": said["revision"]}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("ecs", "DeregisterTaskDefinition", taskDefinition=id_)


class Service(Kind):
    """aws:ecs/service:Service."""

    service, creates, updates = "ecs", "CreateService", "UpdateService"
    aliases = {"name": "serviceName"}
    replacing = frozenset({"cluster", "launchType", "loadBalancers"})
    ignored = frozenset({"tags", "waitForSteadyState", "forceDelete", "availabilityZoneRebalancing"})

    def request(self, aws: Aws, operation: str, inputs: Props) -> dict[str, Any]:
        asked = dict(inputs)
        circuit = asked.pop("deploymentCircuitBreaker", None)
        limits = {"maximumPercent": asked.pop("deploymentMaximumPercent", None)}
        limits["minimumHealthyPercent"] = asked.pop("deploymentMinimumHealthyPercent", None)
        configuration = {name: value for name, value in limits.items() if value is not None}
        configuration |= {"deploymentCircuitBreaker": circuit} if circuit else {}
        network = asked.pop("networkConfiguration", None)
        request = super().request(aws, operation, asked)
        if configuration:
            request["deploymentConfiguration"] = configuration
        if network:
            public = "ENABLED" if network.get("assignPublicIp") else "DISABLED"
            there = {"subnets": network["subnets"], "securityGroups": network.get("securityGroups") or []}
            request["networkConfiguration"] = {"awsvpcConfiguration": {**there, "assignPublicIp": public}}
        return request

    def create(self, aws: Aws, inputs: Props) -> str:
        return str(aws.call("ecs", self.creates, **self.request(aws, self.creates, inputs))["service"]["serviceArn"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        ask = {"cluster": inputs["cluster"], "services": [id_]}
        answer = none_if_gone(lambda: aws.call("ecs", "DescribeServices", **ask))
        rows = [each for each in (answer or {}).get("services", []) if each["status"] != "INACTIVE"]
        return dict(rows[0]) if rows else None

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": id_}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        changed = {n: v for n, v in new.items() if old.get(n) != v and n in ("taskDefinition", "desiredCount")}
        if changed:
            aws.call("ecs", "UpdateService", cluster=new["cluster"], service=id_, **changed)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("ecs", "DeleteService", cluster=inputs["cluster"], service=id_, force=True)


class LoadBalancer(Kind):
    """aws:lb/loadBalancer:LoadBalancer."""

    service, creates = "elbv2", "CreateLoadBalancer"
    aliases = {"loadBalancerType": "Type"}
    replacing = frozenset({"internal", "loadBalancerType", "namePrefix"})
    ignored = frozenset({"tags", "internal", "enableDeletionProtection", "enableCrossZoneLoadBalancing", "namePrefix"})

    def create(self, aws: Aws, inputs: Props) -> str:
        scheme = "internal" if inputs.get("internal") else "internet-facing"
        request = {**self.request(aws, self.creates, inputs), "Scheme": scheme}
        if inputs.get("tags"):
            request["Tags"] = words.tags(inputs)
        arn = str(aws.call("elbv2", self.creates, **request)["LoadBalancers"][0]["LoadBalancerArn"])
        self._attributes(aws, arn, inputs)
        return arn

    def _attributes(self, aws: Aws, arn: str, inputs: Props) -> None:
        words_of = {
            "enableDeletionProtection": "deletion_protection.enabled",
            "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
        }
        rows = [
            {"Key": key, "Value": str(bool(inputs[name])).lower()} for name, key in words_of.items() if name in inputs
        ]
        if rows:
            aws.call("elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=arn, Attributes=rows)

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[id_]))
        return dict(answer["LoadBalancers"][0]) if answer and answer["LoadBalancers"] else None

    def found(self, said: Props, inputs: Props) -> Props:
        return dict(inputs)

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        found = {"arn": id_, "dnsName": answered.host(said["DNSName"]), "zoneId": said.get("CanonicalHostedZoneId", "")}
        return {**found, "arnSuffix": id_.partition(":loadbalancer/")[2]}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        self._attributes(aws, id_, new)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("elbv2", "DeleteLoadBalancer", LoadBalancerArn=id_)


class TargetGroup(Kind):
    """aws:lb/targetGroup:TargetGroup."""

    service, creates = "elbv2", "CreateTargetGroup"
    replacing = frozenset({"port", "protocol", "vpcId", "targetType", "namePrefix"})
    ignored = frozenset(
        {"tags", "healthCheck", "deregistrationDelay", "connectionTermination", "preserveClientIp", "namePrefix"}
        | {"proxyProtocolV2", "targetHealthStates", "stickiness"}
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        health = inputs.get("healthCheck") or {}
        checks = {
            word: health[name]
            for name, word in (("protocol", "HealthCheckProtocol"), ("port", "HealthCheckPort"),
                               ("interval", "HealthCheckIntervalSeconds"), ("timeout", "HealthCheckTimeoutSeconds"),
                               ("healthyThreshold", "HealthyThresholdCount"),
                               ("unhealthyThreshold", "UnhealthyThresholdCount"))
            if name in health
        }  # fmt: skip
        request = {**self.request(aws, self.creates, inputs), **checks}
        return str(aws.call("elbv2", self.creates, **request)["TargetGroups"][0]["TargetGroupArn"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("elbv2", "DescribeTargetGroups", TargetGroupArns=[id_]))
        return dict(answer["TargetGroups"][0]) if answer and answer["TargetGroups"] else None

    def found(self, said: Props, inputs: Props) -> Props:
        return dict(inputs)

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": id_, "arnSuffix": f"targetgroup/{id_.partition(':targetgroup/')[2]}"}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("elbv2", "DeleteTargetGroup", TargetGroupArn=id_)


class Listener(Kind):
    """aws:lb/listener:Listener."""

    service, creates = "elbv2", "CreateListener"
    autonames = False
    replacing = frozenset({"loadBalancerArn"})
    ignored = frozenset({"tags", "tcpIdleTimeoutSeconds"})

    def create(self, aws: Aws, inputs: Props) -> str:
        return str(
            aws.call("elbv2", self.creates, **self.request(aws, self.creates, inputs))["Listeners"][0]["ListenerArn"]
        )

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("elbv2", "DescribeListeners", ListenerArns=[id_]))
        return dict(answer["Listeners"][0]) if answer and answer["Listeners"] else None

    def found(self, said: Props, inputs: Props) -> Props:
        return dict(inputs)

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": id_}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("elbv2", "DeleteListener", ListenerArn=id_)


class ScalableTarget(Kind):
    """aws:appautoscaling/target:Target."""

    service, creates = "application-autoscaling", "RegisterScalableTarget"
    autonames = False
    replacing = frozenset({"resourceId", "scalableDimension", "serviceNamespace"})

    def create(self, aws: Aws, inputs: Props) -> str:
        aws.call(self.service, self.creates, **self.request(aws, self.creates, inputs))
        return str(inputs["resourceId"])

    def _there(self, inputs: Props) -> Props:
        names = ("ServiceNamespace", "ScalableDimension")
        return {name: inputs[name[0].lower() + name[1:]] for name in names}

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        ask = {**self._there(inputs), "ResourceIds": [id_]}
        rows = aws.call(self.service, "DescribeScalableTargets", **ask)["ScalableTargets"]
        return dict(rows[0]) if rows else None

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        self.create(aws, new)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call(self.service, "DeregisterScalableTarget", ResourceId=id_, **self._there(inputs))


class ScalingPolicy(ScalableTarget):
    """aws:appautoscaling/policy:Policy."""

    creates = "PutScalingPolicy"
    autonames = True
    aliases = {"name": "PolicyName"}

    def create(self, aws: Aws, inputs: Props) -> str:
        aws.call(self.service, self.creates, **self.request(aws, self.creates, inputs))
        return str(inputs["name"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        ask = {**self._there(inputs), "ResourceId": inputs["resourceId"]}
        rows = aws.call(self.service, "DescribeScalingPolicies", **ask)["ScalingPolicies"]
        return next((dict(each) for each in rows if each["PolicyName"] == id_), None)

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said["PolicyARN"]}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        ask = {**self._there(inputs), "ResourceId": inputs["resourceId"], "PolicyName": id_}
        aws.call(self.service, "DeleteScalingPolicy", **ask)
