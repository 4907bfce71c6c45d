"""The administrator's password, asked of AWS Secrets Manager when a session needs it and kept nowhere."""

from __future__ import annotations

import functools
import json
from typing import Any

from components.reach.aws import advised, client

ANSWER_S = 10  # each session waits for it
# What AWS says of a secret, and what is to be done about it.
_ADVICE = {
    "AccessDenied": "whoever runs this needs secretsmanager:GetSecretValue for it, and kms:Decrypt with its key",
    "ResourceNotFound": "it is gone: `pulumi refresh` sees that, and the next `up` makes it anew",
}


class SecretError(Exception):
    """Why there is no password, and what to do. Holds nothing of the secret."""


def password(arn: str) -> str:
    """The value of `password` in the JSON that the secret holds now. Raises SecretError."""
    try:
        text = str(_client(arn.split(":")[3]).get_secret_value(SecretId=arn)["SecretString"])
    except Exception as error:
        told = advised(error, "Secrets Manager", _ADVICE)
        raise SecretError(f"the administrator's password cannot be read from {arn}: {told}") from None
    try:
        return str(json.loads(text)["password"])
    except (ValueError, KeyError, TypeError):
        raise SecretError(f"secret {arn} is no JSON with a password; put back what was there before") from None


@functools.cache
def _client(region: str) -> Any:
    return client("secretsmanager", region, ANSWER_S)
