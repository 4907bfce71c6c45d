"""What the pooler's roles may do, each no more than it needs. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from components.rds.arguments_security import partition

EXEC_ACTIONS = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
PULL_ACTIONS = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")

ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[^@:]+)")


def trust(service: str, account: str) -> str:
    """Who may take on a role: one service of AWS, for this account alone."""
    mine = {"StringEquals": {"aws:SourceAccount": account}}
    return _policy({"Principal": {"Service": service}, "Action": "sts:AssumeRole", "Condition": mine})


def execution(secret_arn: str, key_arn: str | None, log_group_arn: str, region: str, image: str) -> str:
    """What ECS itself needs to start a task: the image where it lies in ECR, the secret with its key, the log."""
    return _policy(
        *_pulls(image),
        *_reads(secret_arn, key_arn, region),
        {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": f"{log_group_arn}:*"},
    )


def task() -> str:
    """What the tasks may do where they are this program's way in: talk to Session Manager. Else they have no policy."""
    return _policy({"Action": [f"ssmmessages:{action}" for action in EXEC_ACTIONS], "Resource": "*"})


def proxy(secret_arn: str, key_arn: str | None, region: str) -> str:
    """What RDS Proxy needs: the login's secret with its key."""
    return _policy(*_reads(secret_arn, key_arn, region))


def _pulls(image: str) -> list[dict[str, Any]]:
    """Of one repository of ECR; another registry asks AWS for nothing."""
    found = ECR.match(image)
    if found is None:
        return []
    repository = f"arn:{partition(found['region'])}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"
    return [
        {"Action": "ecr:GetAuthorizationToken", "Resource": "*"},  # knows no resource
        {"Action": [f"ecr:{action}" for action in PULL_ACTIONS], "Resource": repository},
    ]


def _reads(secret_arn: str, key_arn: str | None, region: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"Action": "secretsmanager:GetSecretValue", "Resource": secret_arn}]
    if key_arn:  # AWS's managed key lets Secrets Manager's readers in by itself
        manager = {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}}
        found.append({"Action": "kms:Decrypt", "Resource": key_arn, "Condition": manager})
    return found


def _policy(*statements: dict[str, Any]) -> str:
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed}, sort_keys=True)
