"""What stands around the databases: network, keys, roles, secrets, parameter groups, names, backups."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.mocks.rds.graph import ACCOUNT, Graph, declared
from tests.mocks.rds.stacks import PROD, graph
from tests.mocks.rds.test_databases import FAR_KEY, KEY, OURS, arn
from tests.unit.settings.rds.stacks import settings


def policy(text: str) -> dict[str, Any]:
    """Statements of a policy by their Sid, or by their number."""
    return {one.get("Sid", number): one for number, one in enumerate(json.loads(text)["Statement"])}


NAMED = {"Name": "main-database", **OURS}
PARTS = {"eu-central-1a": "10.80.0.0/18", "eu-central-1b": "10.80.64.0/18", "eu-central-1c": "10.80.128.0/18"}
AROUND = [
    ("prod", "ec2.Vpc", "main-vpc",
     {"cidrBlock": "10.80.0.0/16", "enableDnsHostnames": True, "enableDnsSupport": True,
      "tags": {**OURS, "Name": "main-vpc"}}),
    *[("prod", "ec2.Subnet", f"main-{zone}",
       {"vpcId": "main-vpc-id", "availabilityZone": zone, "cidrBlock": part, "mapPublicIpOnLaunch": False,
        "tags": {**OURS, "Name": f"main-{zone}"}}) for zone, part in PARTS.items()],
    ("prod", "ec2.RouteTable", "main-private",
     {"vpcId": "main-vpc-id", "routes": [], "tags": {**OURS, "Name": "main-private"}}),
    ("prod", "ec2.RouteTableAssociation", "main-eu-central-1b",
     {"routeTableId": "main-private-id", "subnetId": "main-eu-central-1b-id"}),
    ("prod", "ec2.DefaultSecurityGroup", "main-default",
     {"vpcId": "main-vpc-id", "ingress": [], "egress": [], "tags": {**OURS, "Name": "main-default"}}),
    ("prod", "rds.SubnetGroup", "main-subnets",
     {"description": "Private subnets of main", "tags": OURS, "subnetIds": [f"main-{zone}-id" for zone in PARTS]}),
    ("small", "rds.SubnetGroup", "main-subnets",
     {"description": "Private subnets of main", "tags": {**OURS, "environment": "development", "team": "platform"},
      "subnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]}),
    ("prod", "ec2.SecurityGroup", "main-database",
     {"description": "Who may connect to the database of main", "vpcId": "main-vpc-id", "revokeRulesOnDelete": True,
      "tags": NAMED}),
    ("prod", "vpc.SecurityGroupIngressRule", "main-pooler-to-database",
     {"securityGroupId": "main-database-id", "referencedSecurityGroupId": "main-pooler-id", "description": "the pooler",
      "ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432, "tags": OURS}),
    ("prod", "vpc.SecurityGroupEgressRule", "main-pooler-to-database",
     {"securityGroupId": "main-pooler-id", "referencedSecurityGroupId": "main-database-id",
      "description": "to the database", "ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432, "tags": OURS}),
    ("prod", "vpc.SecurityGroupIngressRule", "main-api-to-database",
     {"securityGroupId": "main-database-id", "referencedSecurityGroupId": "sg-0123456789abcdef0", "description": "api",
      "ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432, "tags": OURS}),
    ("prod", "vpc.SecurityGroupIngressRule", "main-api-to-pooler",
     {"securityGroupId": "main-pooler-id", "referencedSecurityGroupId": "sg-0123456789abcdef0", "description": "api",
      "ipProtocol": "tcp", "fromPort": 6432, "toPort": 6433, "tags": OURS}),
    ("regions", "vpc.SecurityGroupIngressRule", "main-eu-west-1-office-to-database",
     {"securityGroupId": "main-eu-west-1-database-id", "cidrIpv4": "10.9.0.0/16", "description": "office",
      "ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432, "tags": OURS, "region": "eu-west-1"}),
    ("prod", "kms.Alias", "main-key",
     {"name": "alias/postgres-platform/main", "targetKeyId": "main-key-key-id"}),
    ("prod", "iam.RolePolicyAttachment", "main-monitoring",
     {"role": "main-monitoring-1a2b3c4",
      "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"}),
    ("prod", "secretsmanager.Secret", "main-admin",
     {"description": "Administrator of main", "kmsKeyId": KEY, "recoveryWindowInDays": 30, "tags": OURS}),
    ("cluster", "secretsmanager.SecretRotation", "main-admin",
     {"secretId": "arn:main-cluster:secret", "rotationEnabled": True,
      "rotationRules": {"automaticallyAfterDays": 7}}),
    ("prod", "rds.InstanceAutomatedBackupsReplication", "main-eu-west-1-backups",
     {"sourceDbInstanceArn": arn("rds.Instance", "main-primary"), "retentionPeriod": 7, "kmsKeyId": FAR_KEY,
      "region": "eu-west-1"}),
    ("prod", "route53.Record", "main-writer",
     {"zoneId": "Z0123456789", "name": "db.example.com", "type": "CNAME", "ttl": 20,
      "records": ["main-primary.abc.eu-central-1.rds.amazonaws.com"]}),
    ("prod", "route53.Record", "main-reader-2",
     {"zoneId": "Z0123456789", "name": "ro.db.example.com", "type": "CNAME", "ttl": 20, "setIdentifier": "2",
      "weightedRoutingPolicies": [{"weight": 1}], "records": ["main-replica-2.abc.eu-central-1.rds.amazonaws.com"]}),
]  # fmt: skip


@pytest.mark.parametrize(
    "stack, kind, name, expected", AROUND, ids=[f"{stack} {kind} {name}" for stack, kind, name, _ in AROUND]
)
def test_every_property(stack: str, kind: str, name: str, expected: dict[str, Any]) -> None:
    assert graph(stack)[0][kind, name] == expected


def test_nothing_in_our_vpc_reaches_the_internet() -> None:
    kinds = {kind for kind, _ in graph("prod")[0].resources}
    assert kinds & {"ec2.InternetGateway", "ec2.NatGateway", "ec2.Route", "ec2.Eip"} == set()


def test_groups_have_no_rules_of_their_own_and_nobody_lets_everybody_in() -> None:
    for stack in ("small", "prod", "regions", "cluster", "aurora"):
        found, _ = graph(stack)
        assert all({"ingress", "egress"}.isdisjoint(one) for one in found.of("ec2.SecurityGroup").values())
        rules = found.of("vpc.SecurityGroupIngressRule")
        assert all(one.get("cidrIpv4") != "0.0.0.0/0" for one in rules.values())


def test_a_region_has_its_own_key_group_network_and_topic() -> None:
    found, _ = graph("regions")
    there = {(kind, name) for (kind, name), inputs in found.resources.items() if inputs.get("region") == "eu-west-1"}
    needed = ["kms.Key", "kms.Alias", "ec2.Vpc", "rds.SubnetGroup", "ec2.SecurityGroup", "rds.ParameterGroup"]
    assert {kind for kind, _ in there} >= {*needed, "sns.Topic", "cloudwatch.MetricAlarm", "cloudwatch.LogGroup"}


def test_the_key_lets_the_account_logs_and_alarms_in_and_nobody_else() -> None:
    key = graph("prod")[0]["kms.Key", "main-key"]
    assert (key["enableKeyRotation"], key["deletionWindowInDays"], key["tags"]) == (True, 30, OURS)
    found = policy(key["policy"])
    assert found.keys() == {"Account", "Logs", "Alarms"}
    assert found["Account"]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert found["Logs"]["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    logs = found["Logs"]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/aws/rds/instance/main*" in logs
    assert found["Alarms"]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert graph("prod")[0].requests["kms.Key", "main-key"].protect


def test_only_rds_takes_the_monitoring_role_and_only_for_this_stack() -> None:
    (statement,) = policy(graph("prod")[0]["iam.Role", "main-monitoring"]["assumeRolePolicy"]).values()
    assert statement["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert f"arn:aws:rds:*:{ACCOUNT}:db:main*" in statement["Condition"]["ArnLike"]["aws:SourceArn"]


def test_the_secret_holds_what_a_client_needs() -> None:
    found = json.loads(graph("prod")[0]["secretsmanager.SecretVersion", "main-admin"]["secretString"])
    assert found == {
        "engine": "postgres",
        "host": "main-primary.abc.eu-central-1.rds.amazonaws.com",
        "port": 5432,
        "dbname": "postgres",
        "username": "platform_admin",
        "password": "of-the-test-alone-0123456789",
    }


def test_a_login_by_token_is_one_login_at_these_databases() -> None:
    found, outputs = graph("prod")
    (statement,) = policy(found["iam.Policy", "main-login-reports"]["policy"]).values()
    assert statement["Action"] == "rds-db:connect"
    members = ("main-primary", "main-replica-1", "main-replica-2")
    assert statement["Resource"] == [f"arn:aws:rds-db:*:{ACCOUNT}:dbuser:db-{name}/reports" for name in members]
    attached = {
        inputs["role"]: inputs["policyArn"]
        for name, inputs in found.of("iam.RolePolicyAttachment").items()
        if name.startswith("main-login-")
    }
    assert attached == dict.fromkeys(("analyst", "auditor"), arn("iam.Policy", "main-login-reports"))
    assert outputs["policies"].keys() == {"reports", "jobs"}


def parameters(found: Graph, name: str, kind: str = "rds.ParameterGroup") -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["value"], one["applyMethod"]) for one in found[kind, name]["parameters"]}


@pytest.mark.parametrize(
    "name, value, method",
    [
        ("rds.force_ssl", "1", "pending-reboot"),
        ("shared_preload_libraries", "pg_cron,pg_stat_statements,pgaudit", "pending-reboot"),
        ("rds.restrict_password_commands", "1", "pending-reboot"),
        ("password_encryption", "scram-sha-256", "pending-reboot"),
        ("rds.accepted_password_auth_method", "scram", "immediate"),
        ("log_min_duration_statement", "1000", "immediate"),
        ("log_connections", "1", "immediate"),
        ("log_disconnections", "1", "immediate"),
        ("log_lock_waits", "1", "immediate"),
        ("log_temp_files", "10240", "immediate"),
        ("log_autovacuum_min_duration", "10000", "immediate"),
        ("pgaudit.log", "ddl,role", "immediate"),
        ("pgaudit.role", "rds_pgaudit", "immediate"),
        ("track_io_timing", "1", "immediate"),
        ("idle_in_transaction_session_timeout", "300000", "immediate"),
    ],
)
def test_parameters_and_their_methods(name: str, value: str, method: str) -> None:
    assert parameters(graph("prod")[0], "main-pg17")[name] == (value, method)


def test_groups_have_no_name_so_that_two_majors_stand_side_by_side() -> None:
    for stack, kind in (("prod", "rds.ParameterGroup"), ("aurora", "rds.ClusterParameterGroup")):
        for label, inputs in graph(stack)[0].of(kind).items():
            assert "name" not in inputs and label.endswith("pg17")
    assert graph("aurora")[0]["rds.ClusterParameterGroup", "main-pg17"]["family"] == "aurora-postgresql17"
    assert graph("cluster")[0]["rds.ClusterParameterGroup", "main-pg17"]["family"] == "postgres17"


def test_a_replicas_own_parameters_stand_in_a_group_of_its_own() -> None:
    found, _ = graph("regions")
    own, shared = parameters(found, "main-near-pg17"), parameters(found, "main-pg17")
    assert own == {**shared, "hot_standby_feedback": ("1", "immediate")}


def test_while_an_upgrade_is_said_the_old_group_stays() -> None:
    wanted = settings({"upgrade": {"from": 16, "to": 17}}, replicas=0, major=17)
    found, _ = declared(wanted)
    assert found["rds.ParameterGroup", "main-pg16"]["skipDestroy"] is True
    assert found["rds.ParameterGroup", "main-pg16"]["family"] == "postgres16"
    assert "parameters" in found.requests["rds.ParameterGroup", "main-pg16"].ignoreChanges
    primary = found["rds.Instance", "main-primary"]
    assert (primary["parameterGroupName"], primary["allowMajorVersionUpgrade"]) == ("main-pg17-1a2b3c4", True)
    assert "engineVersion" not in found.requests["rds.Instance", "main-primary"].ignoreChanges


def test_while_an_upgrade_is_said_replicas_stay_with_their_group() -> None:
    found, _ = declared(settings({"upgrade": {"from": 16, "to": 17}}, replicas=1, major=17))
    assert "parameterGroupName" in found.requests["rds.Instance", "main-replica-1"].ignoreChanges
    assert "parameterGroupName" not in found.requests["rds.Instance", "main-primary"].ignoreChanges
    without, _ = graph("prod")
    assert "parameterGroupName" not in without.requests["rds.Instance", "main-replica-1"].ignoreChanges


def test_the_provider_is_bound_to_the_account_that_is_named() -> None:
    found, _ = graph("small")
    assert found["pulumi:providers:aws", "main-aws"] == {
        "region": "eu-central-1",
        "allowedAccountIds": f'["{ACCOUNT}"]',
    }
    assert found.asked == []  # so nobody has to be asked
    assert graph("prod")[0].asked == ["aws:index/getCallerIdentity:getCallerIdentity"]


@pytest.mark.parametrize("stack", ["small", "prod", "regions", "cluster", "aurora"])
def test_outputs_are_alike_for_every_topology(stack: str) -> None:
    found, outputs = graph(stack)
    server = outputs["server"]
    aws = found.of("rds.Cluster") or found.of("rds.Instance")
    assert server.writer.host.startswith(next(iter(sorted(aws, key=lambda name: name != "main-primary"))))
    assert (server.writer.port, server.major, server.admin.user) == (5432, 17, "platform_admin")
    assert not server.capabilities.superuser and not server.capabilities.owns_hba
    assert outputs["secret"].startswith("arn:")


def test_a_replica_can_be_taken_out_of_the_protection_alone() -> None:
    chosen = [{"name": "kept"}, {"name": "going", "protection": False}]
    found, _ = declared(settings({"replicas": chosen}))
    protected = {
        name: (inputs["deletionProtection"], found.requests["rds.Instance", name].protect)
        for name, inputs in found.of("rds.Instance").items()
    }
    assert protected == {"main-primary": (True, True), "main-kept": (True, True), "main-going": (False, False)}


def test_protection_is_one_switch() -> None:
    found, _ = declared(settings({**PROD, "protection": False}, replicas=1, allow=["without-protection"]))
    for name, inputs in found.of("rds.Instance").items():
        assert not inputs["deletionProtection"]
        assert not found.requests["rds.Instance", name].protect
    assert not found.requests["kms.Key", "main-key"].protect
