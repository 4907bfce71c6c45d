"""Logs, alarms, dashboards, topics, schedules of secrets."""

from __future__ import annotations

import json
from typing import Any

from tests.plugins.aws import words
from tests.plugins.aws.kind import Aws, Kind, none_if_gone
from tests.plugins.protocol_values import Props


class LogGroup(Kind):
    """aws:cloudwatch/logGroup:LogGroup."""

    service, creates, removes = "logs", "CreateLogGroup", "DeleteLogGroup"
    aliases = {"name": "logGroupName"}
    replacing = frozenset({"namePrefix", "logGroupClass"})
    ignored = frozenset({"tags", "retentionInDays", "skipDestroy"})

    def create(self, aws: Aws, inputs: Props) -> str:
        tags = {"tags": inputs["tags"]} if inputs.get("tags") else {}
        aws.call("logs", self.creates, **self.request(aws, self.creates, inputs), **tags)
        self._keep(aws, inputs)
        return str(inputs["name"])

    def _keep(self, aws: Aws, inputs: Props) -> None:
        if inputs.get("retentionInDays"):
            days = int(inputs["retentionInDays"])
            aws.call("logs", "PutRetentionPolicy", logGroupName=inputs["name"], retentionInDays=days)

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        rows = aws.call("logs", "DescribeLogGroups", logGroupNamePrefix=id_)["logGroups"]
        return next((dict(each) for each in rows if each["logGroupName"] == id_), None)

    def found(self, said: Props, inputs: Props) -> Props:
        return {**super().found(said, inputs), **({"kmsKeyId": inputs["kmsKeyId"]} if "kmsKeyId" in inputs else {})}

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": str(said["arn"]).removesuffix(":*")}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        self._keep(aws, new)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        if not inputs.get("skipDestroy"):
            super().remove(aws, id_, inputs)


class MetricAlarm(Kind):
    """aws:cloudwatch/metricAlarm:MetricAlarm."""

    service, creates = "cloudwatch", "PutMetricAlarm"
    aliases = {"name": "AlarmName"}
    ignored = frozenset({"tags"})

    def request(self, aws: Aws, operation: str, inputs: Props) -> dict[str, Any]:
        dimensions = [{"name": name, "value": value} for name, value in (inputs.get("dimensions") or {}).items()]
        return super().request(aws, operation, {**inputs, "dimensions": dimensions})

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        rows = aws.call("cloudwatch", "DescribeAlarms", AlarmNames=[id_])["MetricAlarms"]
        return dict(rows[0]) if rows else None

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said["AlarmArn"]}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        aws.call("cloudwatch", self.creates, **self.request(aws, self.creates, new))

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("cloudwatch", "DeleteAlarms", AlarmNames=[id_])


class Dashboard(Kind):
    """aws:cloudwatch/dashboard:Dashboard."""

    service, creates = "cloudwatch", "PutDashboard"
    name_property = "dashboardName"
    autonames = False
    replacing = frozenset({"dashboardName"})

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        return none_if_gone(lambda: aws.call("cloudwatch", "GetDashboard", DashboardName=id_))  # type: ignore[no-any-return]

    def found(self, said: Props, inputs: Props) -> Props:
        same = json.loads(said["DashboardBody"]) == json.loads(inputs["dashboardBody"])
        return {**inputs, "dashboardBody": inputs["dashboardBody"] if same else said["DashboardBody"]}

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"dashboardArn": said["DashboardArn"]}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        aws.call("cloudwatch", self.creates, **self.request(aws, self.creates, new))

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("cloudwatch", "DeleteDashboards", DashboardNames=[id_])


class Topic(Kind):
    """aws:sns/topic:Topic."""

    service, creates = "sns", "CreateTopic"
    ignored = frozenset({"tags", "kmsMasterKeyId", "namePrefix", "displayName"})

    def create(self, aws: Aws, inputs: Props) -> str:
        names = ("kmsMasterKeyId", "displayName")
        attributes = {name[0].upper() + name[1:]: inputs[name] for name in names if inputs.get(name)}
        answer = aws.call("sns", self.creates, Name=inputs["name"], Attributes=attributes, Tags=words.tags(inputs))
        return str(answer["TopicArn"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("sns", "GetTopicAttributes", TopicArn=id_))
        return dict(answer["Attributes"]) if answer else None

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": id_}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        if old.get("kmsMasterKeyId") != new.get("kmsMasterKeyId"):
            given = {"AttributeName": "KmsMasterKeyId", "AttributeValue": new.get("kmsMasterKeyId") or ""}
            aws.call("sns", "SetTopicAttributes", TopicArn=id_, **given)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("sns", "DeleteTopic", TopicArn=id_)


class TopicPolicy(Kind):
    """aws:sns/topicPolicy:TopicPolicy."""

    service, creates = "sns", "SetTopicAttributes"
    autonames = False
    replacing = frozenset({"arn"})

    def create(self, aws: Aws, inputs: Props) -> str:
        given = {"AttributeName": "Policy", "AttributeValue": inputs["policy"]}
        aws.call("sns", self.creates, TopicArn=inputs["arn"], **given)
        return str(inputs["arn"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("sns", "GetTopicAttributes", TopicArn=id_))
        return dict(answer["Attributes"]) if answer else None

    def found(self, said: Props, inputs: Props) -> Props:
        same = json.loads(said.get("Policy") or "{}") == json.loads(inputs["policy"])
        return {**inputs, "policy": inputs["policy"] if same else said["Policy"]}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        self.create(aws, new)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Goes with its topic."""


class TopicSubscription(Kind):
    """aws:sns/topicSubscription:TopicSubscription."""

    service, creates = "sns", "Subscribe"
    autonames = False
    replacing = frozenset({"topic", "protocol", "endpoint"})
    aliases = {"topic": "TopicArn"}

    def create(self, aws: Aws, inputs: Props) -> str:
        answer = aws.call("sns", self.creates, **self.request(aws, self.creates, inputs), ReturnSubscriptionArn=True)
        return str(answer["SubscriptionArn"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("sns", "GetSubscriptionAttributes", SubscriptionArn=id_))
        return dict(answer["Attributes"]) if answer else None

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": id_}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("sns", "Unsubscribe", SubscriptionArn=id_)


class SecretRotation(Kind):
    """aws:secretsmanager/secretRotation: of a secret that RDS keeps; the emulator rotates nothing."""

    service, creates = "secretsmanager", "RotateSecret"
    autonames = False
    replacing = frozenset({"secretId"})

    def create(self, aws: Aws, inputs: Props) -> str:
        return str(inputs["secretId"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        return {}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        """The emulator holds nothing to remove."""
