"""Amazon RDS: parameter groups, subnet groups, event subscriptions, proxies, replicated backups."""

from __future__ import annotations

from typing import Any

from tests.plugins.aws import words
from tests.plugins.aws.databases import retag
from tests.plugins.aws.kind import Aws, Kind, none_if_gone
from tests.plugins.protocol_types import Failed
from tests.plugins.protocol_values import Props

AT_ONCE = 20  # parameters that one call may change


class ParameterGroup(Kind):
    """aws:rds/parameterGroup:ParameterGroup."""

    service, creates, removes = "rds", "CreateDBParameterGroup", "DeleteDBParameterGroup"
    word, modifies, resets = "DBParameterGroup", "ModifyDBParameterGroup", "ResetDBParameterGroup"
    describes, lists, listed = "DescribeDBParameterGroups", "DescribeDBParameters", "DBParameterGroups"
    replacing = frozenset({"family", "description", "namePrefix"})

    def create(self, aws: Aws, inputs: Props) -> str:
        name = str(inputs["name"]).lower()
        request = {
            f"{self.word}Name": name,
            "DBParameterGroupFamily": inputs["family"],
            "Description": inputs.get("description") or "Managed by Pulumi",
            "Tags": words.tags(inputs),
        }
        aws.call("rds", self.creates, **request)
        self._set(aws, name, inputs.get("parameters") or [])
        return name

    def identity(self, id_: str) -> dict[str, Any]:
        return {f"{self.word}Name": id_}

    def _set(self, aws: Aws, name: str, parameters: list[Any]) -> None:
        rows = [
            {
                "ParameterName": each["name"],
                "ParameterValue": str(each["value"]),
                "ApplyMethod": each.get("applyMethod") or "immediate",
            }
            for each in parameters
        ]
        for start in range(0, len(rows), AT_ONCE):
            aws.call("rds", self.modifies, **self.identity(name), Parameters=rows[start : start + AT_ONCE])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("rds", self.describes, **self.identity(id_)))
        if not answer or not answer[self.listed]:
            return None
        return {**answer[self.listed][0], "Parameters": self._parameters(aws, id_)}

    def _parameters(self, aws: Aws, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        marker: dict[str, str] = {}
        while True:
            page = aws.call("rds", self.lists, **self.identity(id_), **marker)
            found |= {each["ParameterName"]: each for each in page["Parameters"]}
            if not page.get("Marker"):
                return found
            marker = {"Marker": page["Marker"]}

    def found(self, said: Props, inputs: Props) -> Props:
        there = said["Parameters"]
        return {
            **inputs,
            "parameters": [
                {**each, "value": there[each["name"]].get("ParameterValue", each["value"])}
                for each in inputs.get("parameters") or []
                if each["name"] in there
            ],
        }

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said[f"{self.word}Arn"], "tagsAll": inputs.get("tags") or {}}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        before = {each["name"]: each for each in old.get("parameters") or []}
        after = {each["name"]: each for each in new.get("parameters") or []}
        self._set(aws, id_, [each for name, each in after.items() if before.get(name) != each])
        gone = [
            {"ParameterName": name, "ApplyMethod": each.get("applyMethod") or "immediate"}
            for name, each in before.items()
            if name not in after
        ]
        if gone:
            aws.call("rds", self.resets, **self.identity(id_), Parameters=gone)
        said = self.describe(aws, id_, new)
        if said:
            retag(aws, said[f"{self.word}Arn"], old, new)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        if not inputs.get("skipDestroy"):
            super().remove(aws, id_, inputs)


class ClusterParameterGroup(ParameterGroup):
    """aws:rds/clusterParameterGroup:ClusterParameterGroup."""

    creates, removes = "CreateDBClusterParameterGroup", "DeleteDBClusterParameterGroup"
    word, modifies, resets = "DBClusterParameterGroup", "ModifyDBClusterParameterGroup", "ResetDBClusterParameterGroup"
    describes, lists, listed = (
        "DescribeDBClusterParameterGroups",
        "DescribeDBClusterParameters",
        "DBClusterParameterGroups",
    )


class SubnetGroup(Kind):
    """aws:rds/subnetGroup:SubnetGroup."""

    service, creates, updates, removes = "rds", "CreateDBSubnetGroup", "ModifyDBSubnetGroup", "DeleteDBSubnetGroup"
    aliases = {"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"}

    def create(self, aws: Aws, inputs: Props) -> str:
        request = self.request(aws, self.creates, {"description": "Managed by Pulumi", **inputs})
        aws.call("rds", self.creates, **request, Tags=words.tags(inputs))
        return str(inputs["name"]).lower()

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("rds", "DescribeDBSubnetGroups", DBSubnetGroupName=id_))
        if not answer or not answer["DBSubnetGroups"]:
            return None
        said = dict(answer["DBSubnetGroups"][0])
        said["subnetIds"] = [each["SubnetIdentifier"] for each in said.get("Subnets", [])]
        return said

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said["DBSubnetGroupArn"], "vpcId": said.get("VpcId", "")}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        if sorted(old.get("subnetIds") or []) != sorted(new.get("subnetIds") or []):
            aws.call("rds", self.updates, DBSubnetGroupName=id_, SubnetIds=new["subnetIds"])


class EventSubscription(Kind):
    """aws:rds/eventSubscription:EventSubscription."""

    service, creates, removes = "rds", "CreateEventSubscription", "DeleteEventSubscription"
    aliases = {"name": "SubscriptionName", "snsTopic": "SnsTopicArn"}

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("rds", "DescribeEventSubscriptions", SubscriptionName=id_))
        if not answer or not answer["EventSubscriptionsList"]:
            return None
        said = dict(answer["EventSubscriptionsList"][0])
        return {**said, "SubscriptionName": id_, "eventCategories": said.get("EventCategoriesList", [])}

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said.get("EventSubscriptionArn", "")}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        """Made anew under its name: the emulator (moto 5.2.5) can neither modify one nor add a source to it."""
        self.remove(aws, id_, old)
        self.create(aws, new)


class Proxy(Kind):
    """aws:rds/proxy:Proxy."""

    service, creates, updates, removes = "rds", "CreateDBProxy", "ModifyDBProxy", "DeleteDBProxy"
    aliases = {"name": "DBProxyName", "auths": "Auth"}
    replacing = frozenset({"engineFamily", "vpcSubnetIds"})

    def request(self, aws: Aws, operation: str, inputs: Props) -> dict[str, Any]:
        auths = [{"IAMAuth" if n == "iamAuth" else n: v for n, v in each.items()} for each in inputs.get("auths") or []]
        return super().request(aws, operation, {**inputs, **({"auths": auths} if auths else {})})

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("rds", "DescribeDBProxies", DBProxyName=id_))
        return dict(answer["DBProxies"][0]) if answer and answer["DBProxies"] else None

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said["DBProxyArn"], "endpoint": said.get("Endpoint", "")}


class ProxyDefaultTargetGroup(Kind):
    """aws:rds/proxyDefaultTargetGroup: what the emulator keeps of it is only the proxy's default group."""

    service, creates = "rds", "ModifyDBProxyTargetGroup"
    autonames = False
    replacing = frozenset({"dbProxyName"})

    def create(self, aws: Aws, inputs: Props) -> str:
        if not none_if_gone(lambda: aws.call("rds", "DescribeDBProxies", DBProxyName=inputs["dbProxyName"])):
            raise Failed(f"there is no proxy {inputs['dbProxyName']}")
        return str(inputs["dbProxyName"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        return none_if_gone(lambda: aws.call("rds", "DescribeDBProxies", DBProxyName=id_)) and {}

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"name": "default"}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Goes with its proxy."""


class ProxyTarget(ProxyDefaultTargetGroup):
    """aws:rds/proxyTarget:ProxyTarget."""

    creates = "RegisterDBProxyTargets"
    replacing = frozenset({"dbProxyName", "dbInstanceIdentifier", "dbClusterIdentifier", "targetGroupName"})

    def create(self, aws: Aws, inputs: Props) -> str:
        wanted = {
            "DBInstanceIdentifiers": [inputs[n] for n in ("dbInstanceIdentifier",) if inputs.get(n)],
            "DBClusterIdentifiers": [inputs[n] for n in ("dbClusterIdentifier",) if inputs.get(n)],
        }
        given = {name: value for name, value in wanted.items() if value}
        aws.call("rds", self.creates, DBProxyName=inputs["dbProxyName"], TargetGroupName="default", **given)
        return str(inputs["dbProxyName"])


class ReplicatedBackups(Kind):
    """aws:rds/instanceAutomatedBackupsReplication: the emulator does not keep it; botocore checks the request."""

    service, creates = "rds", "StartDBInstanceAutomatedBackupsReplication"
    autonames = False
    replacing = frozenset({"sourceDbInstanceArn", "kmsKeyId", "retentionPeriod"})
    aliases = {"retentionPeriod": "BackupRetentionPeriod"}

    def create(self, aws: Aws, inputs: Props) -> str:
        self.request(aws, self.creates, inputs)
        return str(inputs["sourceDbInstanceArn"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        return {}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        """The emulator holds nothing to remove."""
