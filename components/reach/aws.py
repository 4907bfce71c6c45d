"""boto3, loaded when something of AWS has to be asked; it finds its credentials as Pulumi's provider does."""

from __future__ import annotations

from typing import Any

CONNECT_S, ANSWER_S, ATTEMPTS = 5, 20, 3


def client(service: str, region: str, answer_s: int = ANSWER_S) -> Any:
    """One of boto3's, with a limit on each question: seconds to connect, seconds for the answer, attempts."""
    import boto3  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    limits = Config(connect_timeout=CONNECT_S, read_timeout=answer_s, retries={"total_max_attempts": ATTEMPTS})
    return boto3.session.Session().client(service, region_name=region, config=limits)
