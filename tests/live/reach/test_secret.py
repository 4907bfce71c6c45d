"""The administrator's password from Secrets Manager (an emulated one), and what is said where there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest

from components.reach import SecretError, password, secret
from tests.live.rds.emulator import emulator
from tests.ports import free_port

pytestmark = pytest.mark.live
REGION = "eu-central-1"
NOWHERE = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:gone-abcdef"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A client of each test's own, with the credentials of its environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    secret._client.cache_clear()
    yield
    secret._client(REGION).close()
    secret._client.cache_clear()


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    with emulator() as address:
        yield address


@pytest.fixture
def manager(cloud: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    client = boto3.client("secretsmanager", region_name=REGION)
    yield client
    client.close()


def test_it_is_asked_for_each_time(manager: Any) -> None:
    arn = manager.create_secret(Name="admin", SecretString=json.dumps({"password": "the first"}))["ARN"]
    assert password(arn) == "the first"
    manager.put_secret_value(SecretId=arn, SecretString=json.dumps({"username": "boss", "password": "rotated"}))
    assert password(arn) == "rotated"


@pytest.mark.parametrize("text", ["in clear", "{}", '["password"]'])
def test_something_else_is_no_password_and_is_not_repeated(manager: Any, text: str) -> None:
    arn = manager.create_secret(Name=f"other-{abs(hash(text))}", SecretString=text)["ARN"]
    with pytest.raises(SecretError, match="is no JSON with a password; put back what was there before") as told:
        password(arn)
    assert "in clear" not in str(told.value)


def test_a_secret_that_is_gone(manager: Any) -> None:
    with pytest.raises(SecretError, match=r"cannot be read from .*gone-abcdef: .*; it is gone: `pulumi refresh` sees"):
        password(NOWHERE)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SecretError, match="Secrets Manager has to be reached from here"):
        password(NOWHERE)


def test_nobody_is_logged_in(manager: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    with pytest.raises(SecretError, match="log in to AWS, or name a profile in AWS_PROFILE"):
        password(NOWHERE)
