"""One question to AWS, and what becomes of each way in which it is not answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.stub import Stubber  # type: ignore[import-untyped]

from components.reach import aws
from tests.unit.tools.aws_said import HOME
from tools.driver.rds.asking import Aws, Lacking, UnansweredError, together

DENIED = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: rds:DescribeDBInstances"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """In place of AWS."""
    client = boto3.client("rds", region_name=HOME, aws_access_key_id="none", aws_secret_access_key="none")
    monkeypatch.setattr(aws, "client", lambda *_: client)
    with Stubber(client) as stub:
        yield stub


def listed() -> list[Any]:
    with Aws() as asked:
        return asked.listed("rds", HOME, "DescribeDBInstances", "DBInstances")


def test_all_pages_are_read(stub: Stubber) -> None:
    first, second = ({"DBInstanceIdentifier": name} for name in ("main", "main-replica-1"))
    stub.add_response("describe_db_instances", {"DBInstances": [first], "Marker": "more"}, {})
    stub.add_response("describe_db_instances", {"DBInstances": [second]}, {"Marker": "more"})
    assert listed() == [first, second]


@pytest.mark.parametrize("code", ["DBInstanceNotFound", "DBClusterNotFoundFault"])
def test_what_aws_does_not_know_is_not_there(stub: Stubber, code: str) -> None:
    stub.add_client_error("describe_db_instances", code, "main not found")
    assert listed() == []


@pytest.mark.parametrize(
    ("code", "text", "ending"),
    [
        ("AccessDenied", DENIED, "; whoever runs this needs rds:DescribeDBInstances"),
        ("ExpiredToken", "The security token included in the request is expired", "; log in to AWS again"),
        ("InvalidClientTokenId", "The security token included in the request is invalid.", "; log in to AWS again"),
        ("Throttling", "Rate exceeded", "Rate exceeded"),
    ],
)
def test_a_refusal_names_the_question_and_what_to_do(stub: Stubber, code: str, text: str, ending: str) -> None:
    stub.add_client_error("describe_db_instances", code, text)
    with pytest.raises(UnansweredError) as caught:
        listed()
    assert str(caught.value).startswith(f"rds:DescribeDBInstances in {HOME} was not answered: ")
    assert text in str(caught.value)
    assert str(caught.value).endswith(ending)


def test_one_that_is_not_answered_does_not_keep_the_others(stub: Stubber) -> None:
    def refused() -> None:
        raise UnansweredError("no")

    found = together({"good": lambda: 1, "bad": refused})
    assert found == {"good": 1, "bad": "no"}
    assert isinstance(found["bad"], Lacking)
