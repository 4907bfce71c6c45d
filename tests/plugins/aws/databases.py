"""Amazon RDS: instances, replicas, clusters and their members, parameter groups, subnet groups, events, proxies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tests.plugins.aws import answered, words
from tests.plugins.aws.kind import Aws, Kind, none_if_gone
from tests.plugins.protocol_values import Props

OURS_ALONE = frozenset(  # settings of the provider, or of deletion: no parameter of a call that makes or changes
    {"tags", "applyImmediately", "skipFinalSnapshot", "finalSnapshotIdentifier", "deleteAutomatedBackups"}
    | {"skipDestroy", "passwordWoVersion", "masterPasswordWoVersion", "blueGreenUpdate", "warningEventCategories"}
    | {"enabledCloudwatchLogsExports", "region"}
)
INSTANCE_WORDS: Mapping[str, str] = {
    "identifier": "DBInstanceIdentifier", "instanceClass": "DBInstanceClass", "dbName": "DBName",
    "username": "MasterUsername", "password": "MasterUserPassword", "passwordWo": "MasterUserPassword",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "caCertIdentifier": "CACertificateIdentifier",
    "parameterGroupName": "DBParameterGroupName", "backupWindow": "PreferredBackupWindow",
    "maintenanceWindow": "PreferredMaintenanceWindow", "performanceInsightsEnabled": "EnablePerformanceInsights",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId", "clusterIdentifier": "DBClusterIdentifier",
    "replicateSourceDb": "SourceDBInstanceIdentifier", "snapshotIdentifier": "DBSnapshotIdentifier",
}  # fmt: skip
WRITE_ONCE = frozenset(
    {"dbName", "username", "kmsKeyId", "storageEncrypted", "availabilityZone", "characterSetName", "engine", "region"}
    | {"snapshotIdentifier", "restoreToPointInTime", "performanceInsightsKmsKeyId", "timezone"}
)


def _with_tags(request: dict[str, Any], inputs: Props) -> dict[str, Any]:
    return {**request, "Tags": words.tags(inputs)} if inputs.get("tags") else request


def retag(aws: Aws, arn: str, old: Props, new: Props) -> None:
    if (old.get("tags") or {}) == (new.get("tags") or {}):
        return
    gone = sorted(set(old.get("tags") or {}) - set(new.get("tags") or {}))
    if gone:
        aws.call("rds", "RemoveTagsFromResource", ResourceName=arn, TagKeys=gone)
    if new.get("tags"):
        aws.call("rds", "AddTagsToResource", ResourceName=arn, Tags=words.tags(new))


def _crosses(inputs: Props) -> bool:
    """A replica of another region: moto gives it what its source has."""
    return str(inputs.get("replicateSourceDb") or "").startswith("arn:")


def _exports(old: Props, new: Props) -> dict[str, Any]:
    before, after = (set(each.get("enabledCloudwatchLogsExports") or []) for each in (old, new))
    if before == after:
        return {}
    change = {"EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}
    return {"CloudwatchLogsExportConfiguration": {name: logs for name, logs in change.items() if logs}}


class Instance(Kind):
    """aws:rds/instance:Instance: a primary, a replica (replicateSourceDb), or one restored."""

    service, creates, updates = "rds", "CreateDBInstance", "ModifyDBInstance"
    name_property = "identifier"
    aliases = INSTANCE_WORDS
    replacing = WRITE_ONCE
    ignored = OURS_ALONE
    secret = ("password", "passwordWo")

    def create(self, aws: Aws, inputs: Props) -> str:
        operation, asked = self._way(inputs)
        refused = {"allowMajorVersionUpgrade"} | (
            {"engine", "storageEncrypted"} if operation != self.creates else set()
        )
        known = {name: value for name, value in asked.items() if name not in refused}
        later = self._later(aws, operation, known)
        first = {name: value for name, value in known.items() if name not in later}
        request = _with_tags(self.request(aws, operation, first), inputs)
        if inputs.get("enabledCloudwatchLogsExports"):
            request["EnableCloudwatchLogsExports"] = inputs["enabledCloudwatchLogsExports"]
        if _crosses(inputs):
            request.pop("DBSubnetGroupName", None)  # moto 5.2.5 looks for it in the source's region
        aws.call("rds", operation, **request)
        if later:
            self.update(aws, str(inputs["identifier"]), first, {**first, **later, "applyImmediately": True})
        if operation == self.creates and inputs.get("username"):
            self._master(aws, str(inputs["identifier"]), inputs)
        return str(inputs["identifier"])

    def _master(self, aws: Aws, id_: str, inputs: Props) -> None:
        said = self.describe(aws, id_, inputs) or {}
        answered.master(aws, str(inputs["username"]), inputs, said.get("MasterUserSecret"))

    def _later(self, aws: Aws, operation: str, asked: Props) -> Props:
        """What can only be set once a replica or a restored instance is there, as the real provider does."""
        if operation == self.creates:
            return {}
        first, then = aws.input_of("rds", operation), aws.input_of("rds", self.updates)
        words_of = {name: self.aliases.get(name, name) for name in asked}
        return {
            name: asked[name]
            for name, word in words_of.items()
            if name not in self.ignored and not words.member(first, word) and words.member(then, word)
        }

    def _way(self, inputs: Props) -> tuple[str, Props]:
        if inputs.get("replicateSourceDb"):
            source = str(inputs["replicateSourceDb"])
            return "CreateDBInstanceReadReplica", {
                **inputs,
                **({"sourceRegion": source.split(":")[3]} if source.startswith("arn:") else {}),
            }
        if inputs.get("snapshotIdentifier"):
            return "RestoreDBInstanceFromDBSnapshot", inputs
        if inputs.get("restoreToPointInTime"):
            rest = {name: value for name, value in inputs.items() if name not in ("restoreToPointInTime", "identifier")}
            moment = {
                {"sourceDbInstanceIdentifier": "SourceDBInstanceIdentifier"}.get(name, name): value
                for name, value in inputs["restoreToPointInTime"].items()
            }
            return "RestoreDBInstanceToPointInTime", {
                **rest, **moment, "TargetDBInstanceIdentifier": inputs["identifier"],
            }  # fmt: skip
        return self.creates, inputs

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("rds", "DescribeDBInstances", DBInstanceIdentifier=id_))
        if not answer or not answer["DBInstances"]:
            return None
        said = dict(answer["DBInstances"][0])
        said["EnableIAMDatabaseAuthentication"] = said.get("IAMDatabaseAuthenticationEnabled")
        said["EnablePerformanceInsights"] = said.get("PerformanceInsightsEnabled")
        said["vpcSecurityGroupIds"] = [each["VpcSecurityGroupId"] for each in said.get("VpcSecurityGroups", [])]
        said["dbSubnetGroupName"] = said.get("DBSubnetGroup", {}).get("DBSubnetGroupName")
        groups = said.get("DBParameterGroups") or [{}]
        said["DBParameterGroupName"] = groups[0].get("DBParameterGroupName")
        said["SourceDBInstanceIdentifier"] = said.get("ReadReplicaSourceDBInstanceIdentifier")
        said.pop("Engine" if inputs.get("replicateSourceDb") else "", None)
        return said

    def found(self, said: Props, inputs: Props) -> Props:
        there = super().found(said, inputs)
        told_otherwise = ("dbSubnetGroupName", "parameterGroupName", "vpcSecurityGroupIds") if _crosses(inputs) else ()
        never = ("password", "passwordWo", "kmsKeyId", "performanceInsightsKmsKeyId", "replicateSourceDb")
        for name in (*never, *told_otherwise):
            if name in inputs:  # never told back, or told in another form
                there[name] = inputs[name]
        if inputs.get("engineVersion") and str(said.get("EngineVersion", "")).startswith(f"{inputs['engineVersion']}."):
            there["engineVersion"] = inputs["engineVersion"]
        if inputs.get("replicateSourceDb") and not said.get("ReadReplicaSourceDBInstanceIdentifier"):
            there.pop("replicateSourceDb")
        if "tags" in inputs:
            there["tags"] = words.tags_found(said.get("TagList", []))
        return there

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        where = said.get("Endpoint") or {}
        port = where.get("Port") or said.get("Port") or 5432
        secret = said.get("MasterUserSecret")
        return {
            "arn": said["DBInstanceArn"],
            "address": answered.host(where.get("Address", "")),
            "endpoint": f"{answered.host(where.get('Address', ''))}:{port}",
            "port": port,
            "resourceId": said.get("DbiResourceId", ""),
            "status": said.get("DBInstanceStatus", ""),
            "engineVersionActual": said.get("EngineVersion", ""),
            "replicas": said.get("ReadReplicaDBInstanceIdentifiers", []),
            "masterUserSecrets": [
                {name[0].lower() + name[1:]: secret.get(name) for name in ("SecretArn", "SecretStatus", "KmsKeyId")}
            ] if secret else [],
            "tagsAll": inputs.get("tags") or {},
        }  # fmt: skip

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        if old.get("replicateSourceDb") and not new.get("replicateSourceDb"):
            aws.call("rds", "PromoteReadReplica", DBInstanceIdentifier=id_)
        changed = {
            name: value
            for name, value in new.items()
            if old.get(name) != value and name not in self.ignored | self.replacing | {"replicateSourceDb"}
        }
        shape = aws.input_of("rds", self.updates)
        renamed = {**self.aliases, "port": "DBPortNumber"}
        asked = words.parameters(shape, {k: v for k, v in changed.items() if k != "identifier"}, renamed)
        asked |= _exports(old, new)
        if changed.get("identifier"):
            asked["NewDBInstanceIdentifier"] = changed["identifier"]
        if "engineVersion" in changed and new.get("allowMajorVersionUpgrade"):
            asked["AllowMajorVersionUpgrade"] = True
        if asked:
            at_once = bool(new.get("applyImmediately"))
            aws.call("rds", self.updates, DBInstanceIdentifier=id_, ApplyImmediately=at_once, **asked)
        if new.get("username") and "MasterUserPassword" in asked:
            self._master(aws, str(new["identifier"]), new)
        said = self.describe(aws, str(new["identifier"]), new)
        if said:
            retag(aws, said["DBInstanceArn"], old, new)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        request: dict[str, Any] = {"SkipFinalSnapshot": bool(inputs.get("skipFinalSnapshot"))}
        if not request["SkipFinalSnapshot"]:
            request["FinalDBSnapshotIdentifier"] = inputs["finalSnapshotIdentifier"]
        if "deleteAutomatedBackups" in inputs:
            request["DeleteAutomatedBackups"] = bool(inputs["deleteAutomatedBackups"])
        if str(inputs.get("replicateSourceDb")).startswith("arn:"):
            # moto 5.2.5 crashes at one that follows another region; what follows nobody it deletes.
            aws.call("rds", "PromoteReadReplica", DBInstanceIdentifier=id_)
        aws.call("rds", "DeleteDBInstance", DBInstanceIdentifier=id_, **request)


class ClusterMember(Instance):
    """aws:rds/clusterInstance:ClusterInstance: a member of Aurora's."""

    aliases: ClassVar[Mapping[str, str]] = {**INSTANCE_WORDS, "dbParameterGroupName": "DBParameterGroupName"}

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {**super().outputs(aws, id_, said, inputs), "writer": bool(said.get("IsClusterWriter"))}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("rds", "DeleteDBInstance", DBInstanceIdentifier=id_, SkipFinalSnapshot=True)


class Cluster(Kind):
    """aws:rds/cluster:Cluster: a Multi-AZ DB cluster, or Aurora."""

    service, creates, updates = "rds", "CreateDBCluster", "ModifyDBCluster"
    name_property = "clusterIdentifier"
    aliases = {
        "clusterIdentifier": "DBClusterIdentifier", "dbClusterInstanceClass": "DBClusterInstanceClass",
        "masterPassword": "MasterUserPassword", "masterPasswordWo": "MasterUserPassword",
        "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
        "performanceInsightsEnabled": "EnablePerformanceInsights",
        "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
        "caCertificateIdentifier": "CACertificateIdentifier",
        "serverlessv2ScalingConfiguration": "ServerlessV2ScalingConfiguration",
    }  # fmt: skip
    replacing = frozenset(
        {"availabilityZones", "databaseName", "masterUsername", "kmsKeyId", "storageEncrypted", "engine"}
        | {"snapshotIdentifier", "restoreToPointInTime", "dbSubnetGroupName"}
    )
    ignored = OURS_ALONE | {"allowMajorVersionUpgrade", "dbInstanceParameterGroupName"}
    secret = ("masterPassword", "masterPasswordWo")

    def create(self, aws: Aws, inputs: Props) -> str:
        request = _with_tags(self.request(aws, self.creates, inputs), inputs)
        if inputs.get("enabledCloudwatchLogsExports"):
            request["EnableCloudwatchLogsExports"] = inputs["enabledCloudwatchLogsExports"]
        aws.call("rds", self.creates, **request)
        said = self.describe(aws, str(inputs["clusterIdentifier"]), inputs) or {}
        answered.master(aws, str(inputs.get("masterUsername")), inputs, said.get("MasterUserSecret"))
        return str(inputs["clusterIdentifier"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("rds", "DescribeDBClusters", DBClusterIdentifier=id_))
        if not answer or not answer["DBClusters"]:
            return None
        said = dict(answer["DBClusters"][0])
        said["vpcSecurityGroupIds"] = [each["VpcSecurityGroupId"] for each in said.get("VpcSecurityGroups", [])]
        said["dbClusterParameterGroupName"] = said.get("DBClusterParameterGroup")
        return said

    def found(self, said: Props, inputs: Props) -> Props:
        there = super().found(said, inputs)
        kept = ("masterPassword", "masterPasswordWo", "kmsKeyId", "performanceInsightsKmsKeyId", "availabilityZones")
        there |= {name: inputs[name] for name in kept if name in inputs}
        if inputs.get("engineVersion") and str(said.get("EngineVersion", "")).startswith(f"{inputs['engineVersion']}."):
            there["engineVersion"] = inputs["engineVersion"]
        if "tags" in inputs:
            there["tags"] = words.tags_found(said.get("TagList", []))
        return there

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        secret = said.get("MasterUserSecret")
        return {
            "arn": said["DBClusterArn"],
            "endpoint": answered.host(said.get("Endpoint", "")),
            "readerEndpoint": answered.host(said.get("ReaderEndpoint", "")),
            "port": said.get("Port", 5432),
            "clusterResourceId": said.get("DbClusterResourceId", ""),
            "engineVersionActual": said.get("EngineVersion", ""),
            "masterUserSecrets": [{"secretArn": secret.get("SecretArn")}] if secret else [],
            "clusterMembers": [each["DBInstanceIdentifier"] for each in said.get("DBClusterMembers", [])],
            "tagsAll": inputs.get("tags") or {},
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        changed = {n: v for n, v in new.items() if old.get(n) != v and n not in self.ignored | self.replacing}
        asked = words.parameters(aws.input_of("rds", self.updates), changed, self.aliases) | _exports(old, new)
        if asked:
            at_once = bool(new.get("applyImmediately"))
            aws.call("rds", self.updates, DBClusterIdentifier=id_, ApplyImmediately=at_once, **asked)
        said = self.describe(aws, id_, new)
        if said:
            retag(aws, said["DBClusterArn"], old, new)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        skip = bool(inputs.get("skipFinalSnapshot"))
        final = {} if skip else {"FinalDBSnapshotIdentifier": inputs["finalSnapshotIdentifier"]}
        aws.call("rds", "DeleteDBCluster", DBClusterIdentifier=id_, SkipFinalSnapshot=skip, **final)
