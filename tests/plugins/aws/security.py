"""Keys, roles, policies, secrets."""

from __future__ import annotations

import json
from typing import Any

from tests.plugins.aws import words
from tests.plugins.aws.kind import Aws, Kind, none_if_gone
from tests.plugins.protocol_values import Props

ACCOUNT = "123456789012"  # the emulator's


class Key(Kind):
    """aws:kms/key:Key."""

    service, creates = "kms", "CreateKey"
    autonames = False
    replacing = frozenset({"keyUsage", "customerMasterKeySpec", "multiRegion"})
    ignored = frozenset({"tags", "deletionWindowInDays", "enableKeyRotation", "isEnabled", "rotationPeriodInDays"})

    def create(self, aws: Aws, inputs: Props) -> str:
        request = self.request(aws, self.creates, inputs)
        answer = aws.call("kms", self.creates, **request, Tags=words.tags(inputs, "TagKey", "TagValue"))
        id_ = str(answer["KeyMetadata"]["KeyId"])
        if inputs.get("enableKeyRotation"):
            aws.call("kms", "EnableKeyRotation", KeyId=id_)
        return id_

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("kms", "DescribeKey", KeyId=id_))
        if not answer or answer["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return None
        rotated = aws.call("kms", "GetKeyRotationStatus", KeyId=id_)["KeyRotationEnabled"]
        policy = aws.call("kms", "GetKeyPolicy", KeyId=id_, PolicyName="default")["Policy"]
        return {**answer["KeyMetadata"], "enableKeyRotation": rotated, "policy": policy}

    def found(self, said: Props, inputs: Props) -> Props:
        there = super().found(said, inputs)
        if inputs.get("policy") and _same_json(said["policy"], inputs["policy"]):
            there["policy"] = inputs["policy"]
        return there

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said["Arn"], "keyId": id_}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        if old.get("policy") != new.get("policy"):
            aws.call("kms", "PutKeyPolicy", KeyId=id_, PolicyName="default", Policy=new["policy"])
        if bool(old.get("enableKeyRotation")) != bool(new.get("enableKeyRotation")):
            operation = "EnableKeyRotation" if new.get("enableKeyRotation") else "DisableKeyRotation"
            aws.call("kms", operation, KeyId=id_)
        if old.get("description") != new.get("description"):
            aws.call("kms", "UpdateKeyDescription", KeyId=id_, Description=new.get("description") or "")

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        days = int(inputs.get("deletionWindowInDays") or 30)
        aws.call("kms", "ScheduleKeyDeletion", KeyId=id_, PendingWindowInDays=days)


def _same_json(one: str, other: str) -> bool:
    return bool(json.loads(one) == json.loads(other))


class Alias(Kind):
    """aws:kms/alias:Alias."""

    service, creates, updates, removes = "kms", "CreateAlias", "UpdateAlias", "DeleteAlias"
    aliases = {"name": "AliasName"}
    autonames = False

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        rows = aws.call("kms", "ListAliases")["Aliases"]
        return next((dict(each) for each in rows if each["AliasName"] == id_), None)

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said["AliasArn"]}


class Role(Kind):
    """aws:iam/role:Role."""

    service, creates, removes = "iam", "CreateRole", "DeleteRole"
    aliases = {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"}
    replacing = frozenset({"path"})
    ignored = frozenset({"tags", "namePrefix", "forceDetachPolicies", "managedPolicyArns"})

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("iam", "GetRole", RoleName=id_))
        return dict(answer["Role"]) if answer else None

    def found(self, said: Props, inputs: Props) -> Props:
        trust = said["AssumeRolePolicyDocument"]
        wanted = json.loads(inputs["assumeRolePolicy"])
        return {**inputs, "assumeRolePolicy": inputs["assumeRolePolicy"] if trust == wanted else json.dumps(trust)}

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said["Arn"], "uniqueId": said["RoleId"]}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        if old.get("assumeRolePolicy") != new["assumeRolePolicy"]:
            aws.call("iam", "UpdateAssumeRolePolicy", RoleName=id_, PolicyDocument=new["assumeRolePolicy"])

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        for each in aws.call("iam", "ListRolePolicies", RoleName=id_)["PolicyNames"]:
            aws.call("iam", "DeleteRolePolicy", RoleName=id_, PolicyName=each)
        super().remove(aws, id_, inputs)


class RolePolicy(Kind):
    """aws:iam/rolePolicy:RolePolicy."""

    service, creates = "iam", "PutRolePolicy"
    replacing = frozenset({"role"})

    def _put(self, aws: Aws, inputs: Props) -> None:
        names = {"RoleName": inputs["role"], "PolicyName": inputs["name"]}
        aws.call("iam", self.creates, **names, PolicyDocument=inputs["policy"])

    def create(self, aws: Aws, inputs: Props) -> str:
        self._put(aws, inputs)
        return f"{inputs['role']}:{inputs['name']}"

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        role, _, name = id_.partition(":")
        return none_if_gone(lambda: aws.call("iam", "GetRolePolicy", RoleName=role, PolicyName=name))  # type: ignore[no-any-return]

    def found(self, said: Props, inputs: Props) -> Props:
        same = said["PolicyDocument"] == json.loads(inputs["policy"])
        return {**inputs, "policy": inputs["policy"] if same else json.dumps(said["PolicyDocument"])}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        self._put(aws, new)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        role, _, name = id_.partition(":")
        aws.call("iam", "DeleteRolePolicy", RoleName=role, PolicyName=name)


class Attachment(Kind):
    """aws:iam/rolePolicyAttachment:RolePolicyAttachment."""

    service, creates = "iam", "AttachRolePolicy"
    autonames = False
    replacing = frozenset({"role", "policyArn"})

    def _names(self, inputs: Props) -> dict[str, Any]:
        return {"RoleName": inputs["role"], "PolicyArn": inputs["policyArn"]}

    def create(self, aws: Aws, inputs: Props) -> str:
        aws.call("iam", self.creates, **self._names(inputs))
        return f"{inputs['role']}-{inputs['policyArn']}"

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("iam", "ListAttachedRolePolicies", RoleName=inputs["role"]))
        arns = [each["PolicyArn"] for each in (answer or {}).get("AttachedPolicies", [])]
        return {} if inputs["policyArn"] in arns else None

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("iam", "DetachRolePolicy", **self._names(inputs))


class Policy(Kind):
    """aws:iam/policy:Policy."""

    service, creates = "iam", "CreatePolicy"
    aliases = {"name": "PolicyName", "policy": "PolicyDocument"}
    ignored = frozenset({"tags", "namePrefix"})
    replacing = frozenset({"path", "description"})

    def create(self, aws: Aws, inputs: Props) -> str:
        return str(aws.call("iam", self.creates, **self.request(aws, self.creates, inputs))["Policy"]["Arn"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("iam", "GetPolicy", PolicyArn=id_))
        if not answer:
            return None
        version = answer["Policy"]["DefaultVersionId"]
        text = aws.call("iam", "GetPolicyVersion", PolicyArn=id_, VersionId=version)["PolicyVersion"]["Document"]
        return {**answer["Policy"], "document": text}

    def found(self, said: Props, inputs: Props) -> Props:
        same = said["document"] == json.loads(inputs["policy"])
        return {**inputs, "policy": inputs["policy"] if same else json.dumps(said["document"])}

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": id_}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        if old.get("policy") != new["policy"]:
            aws.call("iam", "CreatePolicyVersion", PolicyArn=id_, PolicyDocument=new["policy"], SetAsDefault=True)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        for each in aws.call("iam", "ListPolicyVersions", PolicyArn=id_)["Versions"]:
            if not each["IsDefaultVersion"]:
                aws.call("iam", "DeletePolicyVersion", PolicyArn=id_, VersionId=each["VersionId"])
        aws.call("iam", "DeletePolicy", PolicyArn=id_)


class Secret(Kind):
    """aws:secretsmanager/secret:Secret."""

    service, creates, updates = "secretsmanager", "CreateSecret", "UpdateSecret"
    replacing = frozenset({"namePrefix"})
    ignored = frozenset({"tags", "recoveryWindowInDays", "namePrefix", "name", "forceOverwriteReplicaSecret", "policy"})

    def create(self, aws: Aws, inputs: Props) -> str:
        request = self.request(aws, self.creates, inputs)
        answer = aws.call("secretsmanager", self.creates, Name=inputs["name"], **request, Tags=words.tags(inputs))
        return str(answer["ARN"])

    def identity(self, id_: str) -> dict[str, Any]:
        return {"SecretId": id_}

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("secretsmanager", "DescribeSecret", SecretId=id_))
        return None if not answer or answer.get("DeletedDate") else dict(answer)

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": id_}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        days = int(inputs.get("recoveryWindowInDays", 30))
        way: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        aws.call("secretsmanager", "DeleteSecret", SecretId=id_, **way)


class SecretVersion(Kind):
    """aws:secretsmanager/secretVersion:SecretVersion."""

    service, creates = "secretsmanager", "PutSecretValue"
    autonames = False
    replacing = frozenset({"secretId"})
    secret = ("secretString", "secretStringWo")

    def create(self, aws: Aws, inputs: Props) -> str:
        text = inputs.get("secretString") or inputs.get("secretStringWo")
        answer = aws.call("secretsmanager", self.creates, SecretId=inputs["secretId"], SecretString=text)
        return f"{inputs['secretId']}|{answer['VersionId']}"

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        arn = id_.partition("|")[0]
        return none_if_gone(lambda: aws.call("secretsmanager", "GetSecretValue", SecretId=arn))  # type: ignore[no-any-return]

    def found(self, said: Props, inputs: Props) -> Props:
        return {**inputs, **({"secretString": said["SecretString"]} if "secretString" in inputs else {})}

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"arn": said["ARN"], "versionId": said["VersionId"]}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        text = new.get("secretString") or new.get("secretStringWo")
        aws.call("secretsmanager", self.creates, SecretId=new["secretId"], SecretString=text)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Goes with its secret."""
