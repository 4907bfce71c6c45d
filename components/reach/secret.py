"""The administrator's password, asked of AWS Secrets Manager when a session needs it and kept nowhere."""

from __future__ import annotations

import functools
import json
from typing import Any

from components.reach.aws import client

ANSWER_S = 10  # each session waits for it
# What AWS says, and what is to be done about it.
_ADVICE = {
    "AccessDenied": "whoever runs this needs secretsmanager:GetSecretValue for it, and kms:Decrypt with its key",
    "ResourceNotFound": "it is gone: `pulumi refresh` sees that, and the next `up` makes it anew",
    "ExpiredToken": "log in to AWS again",
    "Token has expired": "log in to AWS again",
    "Unable to locate credentials": "log in to AWS, or name a profile in AWS_PROFILE",
    "Could not connect": "Secrets Manager has to be reached from here: by the internet, a proxy or an endpoint",
    "timeout": "Secrets Manager has to be reached from here: by the internet, a proxy or an endpoint",
}


class SecretError(Exception):
    """Why there is no password, and what to do. Holds nothing of the secret."""


def password(arn: str) -> str:
    """The value of `password` in the JSON that the secret holds now. Raises SecretError."""
    try:
        text = str(_client(arn.split(":")[3]).get_secret_value(SecretId=arn)["SecretString"])
    except Exception as error:
        # boto3 has no common base of what it raises; the text is AWS's own.
        raise SecretError(f"the administrator's password cannot be read from {arn}: {_advised(error)}") from None
    try:
        return str(json.loads(text)["password"])
    except (ValueError, KeyError, TypeError):
        raise SecretError(f"secret {arn} is no JSON with a password; put back what was there before") from None


def _advised(error: Exception) -> str:
    said = " ".join(str(error).split())
    return next((f"{said}; {hint}" for sign, hint in _ADVICE.items() if sign in said), said)


@functools.cache
def _client(region: str) -> Any:
    return client("secretsmanager", region, ANSWER_S)
