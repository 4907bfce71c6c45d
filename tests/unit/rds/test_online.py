"""What AWS answers when it is asked for classes, and what is said of it. botocore holds both to AWS's words."""

from __future__ import annotations

from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.stub import Stubber  # type: ignore[import-untyped]

from components.rds.online import findings, problems
from components.settings.problems import Problem
from tests.unit.settings.rds.stacks import settings

REGION = "eu-central-1"


def aws(*answers: tuple[str, list[str]], clusters: bool = True) -> tuple[Any, Stubber]:
    """A client that is asked for exactly these classes in turn, and answers with these versions."""
    client = boto3.client("rds", region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none")
    stub = Stubber(client)
    for name, versions in answers:
        rows = [
            {"Engine": "postgres", "EngineVersion": one, "DBInstanceClass": name, "SupportsClusters": clusters}
            for one in versions
        ]
        asked = {"Engine": "postgres", "DBInstanceClass": name}
        stub.add_response("describe_orderable_db_instance_options", {"OrderableDBInstanceOptions": rows}, asked)
    stub.activate()
    return client, stub


def said(client: Any, rds: dict[str, Any] | None = None, **others: Any) -> dict[str, str]:
    return {".".join(one.path): one.message for one in findings(settings(rds, **others), lambda _: client)}


def test_what_is_offered_is_no_problem() -> None:
    client, stub = aws(("db.r7g.large", ["16.10", "17.5", "17.6"]))
    assert said(client) == {}
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("versions", "rds", "message"),
    [
        ([], {}, "found db.r7g.large, which AWS does not offer in eu-central-1 for topology instance; take another"),
        (
            ["15.13", "16.10"], {},
            "found db.r7g.large, which AWS offers in eu-central-1 not with PostgreSQL 17, but with 15, 16",
        ),
        (
            ["17.10", "17.6"], {"engine_version": "17.5", "auto_minor_upgrade": False},
            "found db.r7g.large, which AWS offers in eu-central-1 not with PostgreSQL 17.5, but with 17.6, 17.10",
        ),
    ],
    ids=["class", "major", "minor"],
)  # fmt: skip
def test_what_is_not_offered_is_named(versions: list[str], rds: dict[str, Any], message: str) -> None:
    client, _ = aws(("db.r7g.large", versions))
    assert said(client, rds) == {"rds.instance_class": message}


def test_a_class_that_has_no_clusters_is_none_for_a_cluster() -> None:
    client, _ = aws(("db.r6gd.large", ["17.6"]), clusters=False)
    found = said(client, {"topology": "cluster", "instance_class": "db.r6gd.large"}, replicas=0)
    assert "does not offer in eu-central-1 for topology cluster" in found["rds.instance_class"]


def test_a_replica_s_own_class_is_asked_for_and_a_class_only_once() -> None:
    client, stub = aws(("db.r7g.large", ["17.6"]), ("db.r7g.xlarge", []))
    asked = [{"name": "a", "instance_class": "db.r7g.xlarge"}, {"name": "b", "instance_class": "db.r7g.large"}]
    assert set(said(client, {"replicas": asked})) == {"rds.replicas.0.instance_class"}
    stub.assert_no_pending_responses()


def test_an_aws_that_cannot_be_asked_is_said_once_with_what_to_do() -> None:
    client, stub = aws()
    stub.add_client_error("describe_orderable_db_instance_options", "AccessDenied", "not you")
    found = said(client, {"replicas": [{"name": "far", "region": "eu-west-1"}]})
    assert list(found) == ["rds.online"]
    assert "not you; log in to AWS" in found["rds.online"]
    assert "set rds.online to false" in found["rds.online"]


def test_without_a_region_nobody_is_asked() -> None:
    wrong = [Problem("rds.region", "is missing", None, None)]
    assert problems(settings(), None, wrong, lambda _: pytest.fail("asked")) == []
