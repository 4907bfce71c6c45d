"""Keys, roles, secrets and policies: what goes into them, and the policies' JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from components.rds.arguments import Arguments, given, tags
from components.settings.model import Settings
from components.settings.rds.replicas import identifier

POLICY_VERSION = "2012-10-17"
PUBLISHERS = ("cloudwatch.amazonaws.com", "events.rds.amazonaws.com")
LOG_FOLDERS = ("/aws/rds/instance", "/aws/rds/cluster", "/aws/rds/proxy", "/postgres-platform")


def partition(region: str) -> str:
    """The first part of every ARN of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def document(statements: Iterable[dict[str, Any]]) -> str:
    """A policy as text, the same for the same statements."""
    return json.dumps({"Version": POLICY_VERSION, "Statement": list(statements)}, sort_keys=True)


def own_key(settings: Settings) -> bool:
    """Does the stack make its keys?"""
    return settings.rds.encryption.key == "own"


def key(settings: Settings) -> Arguments:
    """One key for storage, Insights, secret, logs and alarms of a region; its policy knows the account."""
    return {
        "description": f"Everything of {identifier(settings)} that rests on a disk",
        "enableKeyRotation": True,
        "deletionWindowInDays": settings.rds.encryption.deletion_window,
        "tags": tags(settings),
    }


def alias(settings: Settings, key_id: Any) -> Arguments:
    """A name for people; RDS is given the ARN, since it reports nothing else."""
    return {"name": f"alias/postgres-platform/{identifier(settings)}", "targetKeyId": key_id}


def key_policy(settings: Settings, region: str, account: str) -> str:
    """The account rules the key by IAM; logs and the alarms' publishers may use it, for this stack's things alone."""
    arn, name = partition(region), identifier(settings)
    logs = [f"arn:{arn}:logs:{region}:{account}:log-group:{folder}/{name}*" for folder in LOG_FOLDERS]
    use = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    suffix = "amazonaws.com.cn" if arn == "aws-cn" else "amazonaws.com"
    return document(
        [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{arn}:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Logs",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{region}.{suffix}"},
                "Action": use,
                "Resource": "*",
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
            },
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": list(PUBLISHERS)},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            },
        ]
    )


def monitoring_role(settings: Settings) -> Arguments:
    """Its trust knows the account."""
    return {"description": f"Enhanced monitoring of {identifier(settings)}", "tags": tags(settings)}


def monitoring_trust(settings: Settings, region: str, account: str) -> str:
    """RDS may take the role for this stack's members alone (the confused deputy's way is closed)."""
    arn, name = partition(region), identifier(settings)
    members = [f"arn:{arn}:rds:*:{account}:{kind}:{name}*" for kind in ("db", "cluster")]
    same_account = {"StringEquals": {"aws:SourceAccount": account}}
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "monitoring.rds.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {**same_account, "ArnLike": {"aws:SourceArn": members}},
    }
    return document([trust])


def monitoring_policy(region: str) -> str:
    """AWS's own policy for it."""
    return f"arn:{partition(region)}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


def secret(settings: Settings, key_arn: Any) -> Arguments:
    """Where the administrator's generated password lies."""
    return given(
        {
            "description": f"Administrator of {identifier(settings)}",
            "kmsKeyId": key_arn,
            "recoveryWindowInDays": settings.rds.credentials.recovery_window,
            "tags": tags(settings),
        }
    )


def secret_text(settings: Settings, host: str, username: str, password: str) -> str:
    """The JSON that AWS's own rotation and clients know."""
    fields = {
        "engine": "postgres",
        "host": host,
        "port": settings.rds.port,
        "dbname": settings.rds.database or "postgres",
        "username": username,
        "password": password,
    }
    return json.dumps(fields, sort_keys=True)


def rotation(settings: Settings, secret_arn: Any) -> Arguments:
    """Of the password that RDS keeps."""
    days = settings.rds.credentials.rotation
    if days == 0:
        return {"secretId": secret_arn, "rotationEnabled": False}
    return {"secretId": secret_arn, "rotationEnabled": True, "rotationRules": {"automaticallyAfterDays": days}}


def login_policy(region: str, account: str, resource_ids: Iterable[str], login: str) -> str:
    """May log in by token as exactly this login, at exactly these databases."""
    users = [f"arn:{partition(region)}:rds-db:*:{account}:dbuser:{each}/{login}" for each in sorted(resource_ids)]
    return document([{"Effect": "Allow", "Action": "rds-db:connect", "Resource": users}])


def login(settings: Settings, name: str, policy: Any) -> Arguments:
    """A policy for one login, for whoever is to have it."""
    return {
        "description": f"Log in to {identifier(settings)} as {name} by token",
        "policy": policy,
        "tags": tags(settings),
    }
