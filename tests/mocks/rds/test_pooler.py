"""What stands in front of the database: which resources there are, who may do what, and where secrets do not go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.contract import Route, Server
from components.settings.load import load
from components.settings.model import Settings
from tests.mocks.rds.graph import ACCOUNT, Graph, declared

IMAGE = f"registry.example/pgbouncer@sha256:{'0' * 64}"
CLIENTS = {"app": {"security_group": "sg-0123456789abcdef0"}}


def settings(**rds: Any) -> Settings:
    asked = {"region": "eu-central-1", "account": ACCOUNT, "network": {"consumers": CLIENTS}, **rds}
    return load({"platform": "rds", "name": "main", "rds": {"pooler": {"image": IMAGE}, **asked}})


def containers(graph: Graph) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(graph[("ecs.TaskDefinition", "main-pooler")]["containerDefinitions"])
    return found


def policy(graph: Graph, name: str) -> dict[str, Any]:
    """Action -> resource and condition."""
    statements = json.loads(graph[("iam.RolePolicy", name)]["policy"])["Statement"]
    return {str(one["Action"]): one for one in statements}


def test_pgbouncer_is_the_default_with_a_task_at_least_in_each_zone() -> None:
    graph, _ = declared(settings())
    service = graph[("ecs.Service", "main-pooler")]
    assert service["desiredCount"] == 3
    assert service["launchType"] == "FARGATE"
    assert len(service["networkConfiguration"]["subnets"]) == 3
    assert service["networkConfiguration"]["assignPublicIp"] is False
    assert [(one["containerName"], one["containerPort"]) for one in service["loadBalancers"]] == [
        ("read-write", 6432),
        ("read-only", 6433),
    ]
    assert graph.requests[("ecs.Service", "main-pooler")].ignoreChanges == ["desiredCount"]
    balancer = graph[("lb.LoadBalancer", "main-pooler")]
    assert (balancer["internal"], balancer["loadBalancerType"]) == (True, "network")
    assert balancer["enableDeletionProtection"] is True


def test_no_secret_stands_in_the_tasks_definition() -> None:
    graph, _ = declared(settings())
    text = graph[("ecs.TaskDefinition", "main-pooler")]["containerDefinitions"]
    assert "of-the-test-alone" not in text
    assert "PRIVATE KEY" not in text
    for container in containers(graph):
        names = [one["name"] for one in container["secrets"]]
        assert names == ["TLS_CERTIFICATE", "TLS_KEY", "USERLIST"]
        assert all(one["valueFrom"].startswith("arn:aws:secretsmanager") for one in container["secrets"])
        assert container["readonlyRootFilesystem"] is True
        assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    assert "4dabf18193072939515e22adb298388d" in graph[("secretsmanager.SecretVersion", "main-pooler")]["secretString"]


def test_tls_on_both_sides_by_the_shared_renderer() -> None:
    lines = containers(declared(settings())[0])[0]["environment"]
    ini = {one["name"]: one["value"] for one in lines}["PGBOUNCER_INI"].splitlines()
    assert "client_tls_sslmode = require" in ini
    assert "server_tls_sslmode = verify-full" in ini
    assert "server_tls_ca_file = /etc/postgres-platform/rds-bundle.pem" in ini
    assert "auth_dbname = postgres" in ini
    assert "pool_mode = transaction" in ini
    assert not any(line.startswith("server_tls_cert_file") for line in ini)


def test_read_only_sessions_go_to_the_replicas_in_turn() -> None:
    graph, _ = declared(settings(replicas=[{"name": "one"}, {"name": "two"}]))
    read_write, read_only = ({e["name"]: e["value"] for e in one["environment"]} for one in containers(graph))
    assert "host=main-primary.abc.eu-central-1.rds.amazonaws.com port=5432" in read_write["DATABASES_INI"]
    assert "host=main-one.abc.eu-central-1.rds.amazonaws.com,main-two.abc" in read_only["DATABASES_INI"]


def test_roles_may_do_no_more_than_they_need() -> None:
    graph, _ = declared(settings())
    trust = json.loads(graph[("iam.Role", "main-pooler-execution")]["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    may = policy(graph, "main-pooler-execution")
    assert may["secretsmanager:GetSecretValue"]["Resource"].startswith("arn:aws:secretsmanager")
    assert may["kms:Decrypt"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}
    }
    everywhere = {action for action, one in may.items() if one["Resource"] == "*"}
    assert everywhere == set()  # the image lies elsewhere than in AWS
    assert ("iam.RolePolicy", "main-pooler-task") not in graph.resources


def test_an_image_in_ecr_is_fetched_from_its_repository_alone() -> None:
    image = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/team/pgbouncer@sha256:" + "1a2b3c4d" * 8
    graph, _ = declared(settings(pooler={"image": image}))
    may = policy(graph, "main-pooler-execution")
    everywhere = {action for action, one in may.items() if one["Resource"] == "*"}
    assert everywhere == {"ecr:GetAuthorizationToken"}
    pulls = next(one for action, one in may.items() if "BatchGetImage" in action)
    assert pulls["Resource"] == f"arn:aws:ecr:eu-central-1:{ACCOUNT}:repository/team/pgbouncer"


def test_a_task_is_the_way_in_only_where_session_manager_is_asked_for() -> None:
    graph, _ = declared(settings(reach={"by": "ssm"}))
    assert graph[("ecs.Service", "main-pooler")]["enableExecuteCommand"] is True
    (may,) = policy(graph, "main-pooler-task").values()
    assert {action.partition(":")[0] for action in may["Action"]} == {"ssmmessages"}
    assert ("ec2.VpcEndpoint", "main-ssmmessages") in graph.resources
    elsewhere, _ = declared(settings(reach={"by": "ssm", "target": "i-0123456789abcdef0"}))
    assert elsewhere[("ecs.Service", "main-pooler")]["enableExecuteCommand"] is False


def test_this_programs_own_way_in_is_part_of_the_contract() -> None:
    assert declared(settings())[1]["server"].route is None
    _, found = declared(settings(reach={"by": "ssm", "timeout": 90}))
    assert found["server"].route == Route(
        kind="ssm",
        region="eu-central-1",
        timeout=90.0,
        service=None,
        cluster=f"arn:aws:ecs.Cluster:eu-central-1:{ACCOUNT}:main-pooler",
    )
    assert Server.from_dict(found["server"].to_dict()) == found["server"]


def test_who_reaches_what() -> None:
    graph, _ = declared(settings())
    inward = graph.of("vpc.SecurityGroupIngressRule")
    client = inward["main-app-to-pooler"]
    assert (client["fromPort"], client["toPort"]) == (6432, 6433)
    assert client["referencedSecurityGroupId"] == "sg-0123456789abcdef0"
    assert inward["main-pooler-to-itself"]["referencedSecurityGroupId"] == "main-pooler-id"
    assert inward["main-pooler-to-database"]["referencedSecurityGroupId"] == "main-pooler-id"
    assert "0.0.0.0/0" not in json.dumps(inward)


def test_a_vpc_of_our_own_has_what_tasks_need_to_start() -> None:
    own, _ = declared(settings())
    assert set(own.of("ec2.VpcEndpoint")) == {
        "main-ecr-api", "main-ecr-dkr", "main-logs", "main-secretsmanager", "main-s3",
    }  # fmt: skip
    assert own[("ec2.VpcEndpoint", "main-s3")]["routeTableIds"] == ["main-private-id"]
    network = {"vpc": "vpc-0123456789abcdef0", "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]}
    given, _ = declared(settings(network=network))
    assert given.of("ec2.VpcEndpoint") == {}


def test_scaling_and_alarms() -> None:
    graph, _ = declared(settings(pooler={"image": IMAGE, "tasks": 2, "max_tasks": 5}))
    target = graph[("appautoscaling.Target", "main-pooler")]
    assert (target["minCapacity"], target["maxCapacity"]) == (2, 5)
    tracked = graph[("appautoscaling.Policy", "main-pooler")]["targetTrackingScalingPolicyConfiguration"]
    assert tracked["predefinedMetricSpecification"] == {"predefinedMetricType": "ECSServiceAverageCPUUtilization"}
    ours = {name for name in graph.of("cloudwatch.MetricAlarm") if name.startswith("main-pooler")}
    assert ours == {
        "main-pooler-cpu", "main-pooler-memory", "main-pooler-read-write-healthy", "main-pooler-read-only-healthy",
    }  # fmt: skip
    healthy = graph[("cloudwatch.MetricAlarm", "main-pooler-read-write-healthy")]
    assert (healthy["threshold"], healthy["treatMissingData"]) == (1, "breaching")
    assert healthy["alarmActions"]


@pytest.mark.parametrize("iam", [True, False])
def test_rds_proxy_is_the_alternative(iam: bool) -> None:
    graph, _ = declared(settings(pooler={"kind": "rds_proxy"}, iam={"enabled": iam}))
    proxy = graph[("rds.Proxy", "main-pooler")]
    assert proxy["requireTls"] is True
    assert proxy["debugLogging"] is False
    assert ("defaultAuthScheme" in proxy, "auths" in proxy) == (iam, not iam)
    assert ("rds-db:connect" in json.dumps(policy(graph, "main-pooler"))) is iam
    assert graph[("rds.ProxyDefaultTargetGroup", "main-pooler")]["connectionPoolConfig"]["maxConnectionsPercent"] == 90
    assert graph[("rds.ProxyTarget", "main-pooler")]["dbInstanceIdentifier"] == "main"
    assert graph.of("ecs.Service") == {}


def test_a_proxy_of_a_cluster_has_a_door_for_readers() -> None:
    graph, _ = declared(settings(topology="cluster", instance_class="db.r6gd.large", pooler={"kind": "rds_proxy"}))
    assert graph[("rds.ProxyTarget", "main-pooler")]["dbClusterIdentifier"] == "main"
    assert graph[("rds.ProxyEndpoint", "main-pooler-reader")]["targetRole"] == "READ_ONLY"


def test_nothing_stands_in_front_where_nothing_is_asked_for() -> None:
    graph, _ = declared(settings(pooler={"kind": "none"}, network={}))
    assert not [name for kind, name in graph.resources if "pooler" in name]
