"""`make status` of a stack on RDS: made by the platform itself in an emulated cloud, asked through the real client.

moto stands in for AWS. Its tasks are a number, its load balancer finds healthy whoever is registered, and it knows
neither pending changes nor maintenance, nor whether a replica follows: those are in the unit tests alone, against
AWS's own description of its answers.
"""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.live.rds.asked import AURORA, FAR, PROD, PROXIED, TASKS, Stack, asked, command, faults, refusal
from tests.live.rds.emulator import emulator
from tests.live.rds.stack import ACCOUNT, REGION
from tests.ports import free_port
from tools.driver.rds import asking

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Tests of this file run in their order, on one stack."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_ECS_SERVICE_RUNNING", str(TASKS - 1))
        with emulator() as address:
            yield Stack(tmp_path_factory.mktemp("status"), address, PROD)


@pytest.fixture(autouse=True)
def as_an_sdk_finds_it(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"ACCESS_KEY_ID": "testing", "SECRET_ACCESS_KEY": "testing", "EC2_METADATA_DISABLED": "true"}
    if "stack" in request.fixturenames:
        known["ENDPOINT_URL"] = request.getfixturevalue("stack").address
    for name, value in known.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def targets(stack: Stack) -> Any:
    """The load balancer's client, and the ARN of a target group by port."""
    balancer = stack.client("elbv2")
    return balancer, {one["Port"]: one["TargetGroupArn"] for one in balancer.describe_target_groups()["TargetGroups"]}


def test_nothing_is_up(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(stack, capsys)
    assert f"nothing is up here: AWS has no instance main in {REGION}, account {ACCOUNT}" in said


def pooler(stack: Stack) -> tuple[str, str]:
    """Its cluster, and its service's name."""
    ecs = stack.client("ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    (service,) = ecs.list_services(cluster=cluster)["serviceArns"]
    return cluster, service.rpartition("/")[2]


def test_tasks_that_do_not_come_up(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.bring_up()
    cluster, service = pooler(stack)
    closed = "closed: no task answers the load balancer"
    found = faults(stack, capsys)
    assert found[0] == f"{TASKS - 1} of {TASKS} tasks of ECS service {service} are running"
    assert [one.partition(") is ")[2] for one in found[1:]] == [closed, closed]
    stack.client("ecs").update_service(cluster=cluster, service=service, desiredCount=TASKS)  # then all of them run


def test_what_the_platform_makes_is_whole(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    balancer, groups = targets(stack)
    for port, arn in groups.items():
        addresses = [{"Id": f"10.0.0.{number}", "Port": port} for number in range(TASKS)]
        balancer.register_targets(TargetGroupArn=arn, Targets=addresses)
    measured(stack, "main-near", "ReplicaLag", 0.5)
    measured(stack, "main", "FreeStorageSpace", 61.5 * 1024**3)

    code, found = asked(stack, capsys)
    assert (code, found["faults"]) == (0, [])
    main, near, far = found["members"]
    assert [(one["name"], one["role"], one["status"], one["region"]) for one in (main, near, far)] == [
        ("main", "primary", "available", REGION),
        ("main-near", "replica", "available", REGION),
        ("main-far", "replica", "available", FAR),
    ]
    assert (main["multi_az"], main["protected"], main["storage"]["free"]) == (True, True, 61.5)
    assert (near["lag"], far["lag"], main["lag"]) == (0.5, None, None)
    assert [found["pooler"][word] for word in ("desired", "running", "pending")] == [TASKS, TASKS, 0]
    ways = {way["name"]: way for way in found["ways"]}
    assert ways["writer"]["address"].startswith("main.")
    assert ways["reader"]["address"].startswith("main-near.")
    outputs = stack.outputs()
    pooled = outputs["pooled"]
    assert ways["pooled"]["address"] == f"{pooled['host']}:{int(pooled['port'])}"
    assert all(way["open"] for way in ways.values())
    assert command(stack) == 0
    assert "cluster main is whole; writers go to main in" in capsys.readouterr().out


def measured(stack: Stack, name: str, metric: str, value: float) -> None:
    """As RDS tells CloudWatch: the last minutes, and the newest says."""
    watch, now = stack.client("cloudwatch"), datetime.now(UTC)
    by = [{"Name": "DBInstanceIdentifier", "Value": name}]
    for minutes, one in ((4, value + 3), (2, value)):
        row = {"MetricName": metric, "Dimensions": by, "Value": one, "Timestamp": now - timedelta(minutes=minutes)}
        watch.put_metric_data(Namespace="AWS/RDS", MetricData=[row])


def test_what_aws_cannot_tell_is_a_note_and_no_fault(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = asked(stack, capsys)
    assert [note.partition(" was")[0] for note in found["notes"]] == [
        f"rds:DescribePendingMaintenanceActions in {place}" for place in (REGION, FAR)
    ]


def test_a_permission_that_lacks_is_named(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto asks its IAM from here on: who may not see the load balancer, nor ECS, nor anything."""
    iam = stack.client("iam")
    databases = ["rds:*", "cloudwatch:*"]
    for user, actions in {"most": [*databases, "ecs:*"], "half": databases, "nobody": ["s3:*"]}.items():
        iam.create_user(UserName=user)
        allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=user, PolicyName="may", PolicyDocument=json.dumps(allowed))
    keys = {user: iam.create_access_key(UserName=user)["AccessKey"] for user in ("most", "half", "nobody")}
    guarded(stack, 0)
    try:
        as_user(monkeypatch, keys["most"])
        _, whole = asked(stack, capsys)
        (told,) = whole["faults"]
        assert told.startswith(f"elasticloadbalancing:DescribeTargetGroups in {REGION} was not answered: ")
        assert whole["pooler"]["running"] == TASKS
        as_user(monkeypatch, keys["half"])
        found = faults(stack, capsys)
        assert found[0].startswith(f"ecs:ListClusters in {REGION} was not answered: ")
        assert found[0].endswith("; whoever runs this needs ecs:ListClusters")
        as_user(monkeypatch, keys["nobody"])
        said = refusal(stack, capsys)
        assert said.endswith("; whoever runs this needs rds:DescribeDBInstances")
    finally:
        guarded(stack, 10**9)


def guarded(stack: Stack, free: int) -> None:
    """After so many questions moto asks its IAM."""
    address = f"{stack.address}/moto-api/reset-auth"
    asking = urllib.request.Request(address, data=str(free).encode(), headers={"Content-Type": "text/plain"})  # noqa: S310
    urllib.request.urlopen(asking, timeout=5).close()  # noqa: S310  # loopback, ours


def as_user(monkeypatch: pytest.MonkeyPatch, key: Mapping[str, str]) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


def test_what_breaks_is_named_and_what_is_mended_is_gone(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    rds, (balancer, groups) = stack.client("rds"), targets(stack)
    port = min(groups)
    lost = [{"Id": "10.0.0.0", "Port": port}]
    balancer.deregister_targets(TargetGroupArn=groups[port], Targets=lost)
    rds.modify_db_instance(DBInstanceIdentifier="main", MultiAZ=False, DeletionProtection=False, ApplyImmediately=True)
    rds.stop_db_instance(DBInstanceIdentifier="main")
    found = faults(stack, capsys)
    assert found[:3] == [
        "main is stopped: `aws rds start-db-instance` or `start-db-cluster` starts it",
        "main has no standby in another zone, though the stack says multi_az",
        "main is not protected against deletion, though the stack says so (rds.protection)",
    ]
    assert [one.partition(f":{port} ")[2] for one in found[3:]] == [f"(pooled) is answered by 2 of {TASKS} tasks"]
    assert command(stack) == 1
    assert "main is stopped: " in capsys.readouterr().out

    rds.start_db_instance(DBInstanceIdentifier="main")
    rds.modify_db_instance(DBInstanceIdentifier="main", MultiAZ=True, DeletionProtection=True, ApplyImmediately=True)
    balancer.register_targets(TargetGroupArn=groups[port], Targets=lost)
    assert faults(stack, capsys) == []


def test_a_replica_that_somebody_removed(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    rds = stack.client("rds")
    rds.modify_db_instance(DBInstanceIdentifier="main-near", DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier="main-near", SkipFinalSnapshot=True)
    assert faults(stack, capsys) == ["main-near is not there"]


def test_a_pooler_that_somebody_removed(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    ecs, (cluster, service) = stack.client("ecs"), pooler(stack)
    ecs.delete_service(cluster=cluster, service=service, force=True)
    assert f"ECS service {service} is INACTIVE" in faults(stack, capsys)


def test_a_stack_of_another_account_is_not_looked_at(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.write({**PROD, "account": "999999999999"})
    said = refusal(stack, capsys)
    stack.write(PROD)
    assert f"you are logged in to AWS account {ACCOUNT}, the stack belongs to 999999999999 (rds.account)" in said


def test_aws_is_not_reached(stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    said = refusal(stack, capsys)
    assert f"rds:DescribeDBInstances in {REGION} was not answered: Could not connect" in said
    assert f"AWS in {REGION} has to be reached from here" in said


def test_aws_does_not_answer(stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(asking, "ANSWER_S", 1)
        begin = time.monotonic()
        said = refusal(stack, capsys)
        assert time.monotonic() - begin < 30
    assert "Read timeout on endpoint URL" in said
    assert f"AWS in {REGION} has to be reached from here" in said


def test_nobody_is_logged_in(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    assert "log in to AWS, or name a profile in AWS_PROFILE" in refusal(stack, capsys)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Mapping[str, Any]], Stack]]:
    """Makes a stack in an empty cloud."""
    with emulator() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        yield lambda rds: Stack(tmp_path, address, rds)


def test_aurora(fresh: Callable[[Mapping[str, Any]], Stack], capsys: pytest.CaptureFixture[str]) -> None:
    stack = fresh(AURORA)
    assert f"AWS has no cluster main in {REGION}" in refusal(stack, capsys)
    stack.bring_up()
    code, found = asked(stack, capsys)
    assert (code, found["faults"], found["cluster"]["status"]) == (0, [], "available")
    assert {one["name"]: one["role"] for one in found["members"]} == {"main-writer": "writer", "main-reader": "reader"}
    assert found["ways"][1]["address"].startswith("main.cluster-ro-")
    stack.client("rds").delete_db_instance(DBInstanceIdentifier="main-reader", SkipFinalSnapshot=True)
    assert faults(stack, capsys) == ["main-reader is not there"]


def test_rds_proxy(fresh: Callable[[Mapping[str, Any]], Stack], capsys: pytest.CaptureFixture[str]) -> None:
    stack = fresh(PROXIED)
    stack.bring_up()
    code, found = asked(stack, capsys)
    assert (code, found["faults"], found["pooler"]["kind"]) == (0, [], "RDS Proxy")
    rds = stack.client("rds")
    (proxy,) = rds.describe_db_proxies()["DBProxies"]
    assert {way["address"] for way in found["ways"][2:]} == {f"{proxy['Endpoint']}:5432"}
    rds.delete_db_proxy(DBProxyName=proxy["DBProxyName"])
    assert faults(stack, capsys) == ["there is no pooler: AWS has no RDS Proxy of this stack"]
