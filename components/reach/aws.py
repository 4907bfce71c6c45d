"""boto3, loaded when something of AWS has to be asked; it finds its credentials as Pulumi's provider does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONNECT_S, ANSWER_S, ATTEMPTS = 5, 20, 3
_LOGIN = "log in to AWS again"
_REACH = "{} has to be reached from here: by the internet, a proxy or an endpoint"
# What AWS and boto3 say, and what is to be done about it, whatever was asked.
_ADVICE = {
    "ExpiredToken": _LOGIN,
    "Token has expired": _LOGIN,
    "InvalidClientTokenId": _LOGIN,
    "UnrecognizedClient": _LOGIN,
    "Unable to locate credentials": "log in to AWS, or name a profile in AWS_PROFILE",
    "Could not connect": _REACH,
    "timeout": _REACH,
}


def client(service: str, region: str, answer_s: int = ANSWER_S) -> Any:
    """One of boto3's, with a limit on each question: seconds to connect, seconds for the answer, attempts."""
    import boto3  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    limits = Config(connect_timeout=CONNECT_S, read_timeout=answer_s, retries={"total_max_attempts": ATTEMPTS})
    return boto3.session.Session().client(service, region_name=region, config=limits)


def advised(error: Exception, service: str, own: Mapping[str, str]) -> str:
    """What AWS said on one line, followed by what to do where it is known. `own` is what this question alone needs.

    boto3 has no common base of what it raises, so its words decide.
    """
    said = " ".join(str(error).split())
    known = {**own, **_ADVICE}
    return next((f"{said}; {hint.format(service)}" for sign, hint in known.items() if sign in said), said)
