"""The stand-in provider of tests/plugins/aws against the emulator: what is made reads back as it was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.plugins.aws.provider import AmazonWebServices
from tests.plugins.protocol_types import Call, Failed, Made
from tests.plugins.protocol_values import Props

pytestmark = pytest.mark.live
TAGS = {"name": "main", "environment": "production"}
ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "rds-db:connect", "Resource": "*"}]}
)


class Run:
    """Makes resources as the engine does, and looks at once whether they read back without a difference."""

    def __init__(self) -> None:
        self.provider = AmazonWebServices()
        self.provider.configure({"region": "eu-central-1"})

    def make(self, type_: str, label: str, /, **asked: Any) -> Made:
        call = Call(f"urn:pulumi:test::aws::{type_}::{label}", type_, label)
        inputs = self.provider.check(call, {}, asked).inputs
        made = self.provider.create(call, inputs)
        assert self.drift(type_, label, made, inputs) == {}
        return made

    def drift(self, type_: str, label: str, made: Made, inputs: Props) -> dict[str, Any]:
        call = Call(f"urn:pulumi:test::aws::{type_}::{label}", type_, label)
        found = self.provider.read(call, made.id, inputs, made.outputs)
        assert found is not None, f"{type_} {made.id} is gone"
        changed = self.provider.diff(call, made.id, found.inputs, found.outputs, inputs).changed
        return {name: (inputs.get(name), found.inputs.get(name)) for name in changed}


@pytest.fixture
def run(cloud: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("POSTGRES_PLATFORM_TEST_AWS", cloud)
    yield Run()


def network(run: Run) -> tuple[str, list[str], str]:
    vpc = run.make("aws:ec2/vpc:Vpc", "net", cidrBlock="10.0.0.0/16", enableDnsHostnames=True, tags=TAGS).id
    subnets = [
        run.make(
            "aws:ec2/subnet:Subnet", f"private-{zone}", vpcId=vpc, cidrBlock=f"10.0.{number}.0/24",
            availabilityZone=f"eu-central-1{zone}", tags=TAGS,
        ).id
        for number, zone in enumerate("abc")
    ]  # fmt: skip
    group = run.make("aws:ec2/securityGroup:SecurityGroup", "database", vpcId=vpc, description="d", tags=TAGS).id
    return vpc, subnets, group


def test_a_network_reads_back(run: Run) -> None:
    vpc, subnets, group = network(run)
    run.make("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "own", vpcId=vpc, ingress=[], egress=[], tags=TAGS)
    rule = {"securityGroupId": group, "ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432}
    run.make("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "in", **rule, cidrIpv4="10.0.0.0/16")
    run.make("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "out", **rule, referencedSecurityGroupId=group)
    table = run.make("aws:ec2/routeTable:RouteTable", "private", vpcId=vpc).id
    run.make("aws:ec2/routeTableAssociation:RouteTableAssociation", "a", routeTableId=table, subnetId=subnets[0])
    zone = run.make("aws:route53/zone:Zone", "zone", name="db.example", vpcs=[{"vpcId": vpc}]).id
    name = {"name": "main.db.example", "type": "CNAME", "ttl": 20}
    run.make("aws:route53/record:Record", "writer", zoneId=zone, **name, records=["main.example"])


def test_keys_roles_and_secrets_read_back(run: Run) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    key = run.make("aws:kms/key:Key", "key", enableKeyRotation=True, deletionWindowInDays=30, policy=policy, tags=TAGS)
    run.make("aws:kms/alias:Alias", "alias", name="alias/main", targetKeyId=key.id)
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "monitoring.rds.amazonaws.com"}}
    role = run.make(
        "aws:iam/role:Role", "monitoring", assumeRolePolicy=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    run.make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "monitoring", role=role.id, policyArn=arn)
    run.make("aws:iam/policy:Policy", "login", policy=ALLOW)
    run.make("aws:iam/rolePolicy:RolePolicy", "login", role=role.id, policy=ALLOW)
    secret = run.make("aws:secretsmanager/secret:Secret", "admin", kmsKeyId=key.outputs["arn"], tags=TAGS)
    run.make("aws:secretsmanager/secretVersion:SecretVersion", "admin", secretId=secret.id, secretString="{}")


def test_what_watches_reads_back(run: Run) -> None:
    topic = run.make("aws:sns/topic:Topic", "alarms")
    run.make("aws:sns/topicPolicy:TopicPolicy", "alarms", arn=topic.id, policy=json.dumps({"Statement": []}))
    run.make(
        "aws:sns/topicSubscription:TopicSubscription", "m", topic=topic.id, protocol="email", endpoint="a@b.example"
    )
    run.make("aws:cloudwatch/logGroup:LogGroup", "log", name="/aws/rds/instance/x/postgresql", retentionInDays=90)
    run.make(
        "aws:cloudwatch/metricAlarm:MetricAlarm", "cpu", namespace="AWS/RDS", metricName="CPUUtilization", period=60,
        statistic="Average", comparisonOperator="GreaterThanThreshold", evaluationPeriods=5, threshold=90,
        dimensions={"DBInstanceIdentifier": "main"}, alarmActions=[topic.id], treatMissingData="breaching",
    )  # fmt: skip
    body = {"widgets": [{"type": "text", "width": 1, "height": 1, "properties": {"markdown": "x"}}]}
    run.make("aws:cloudwatch/dashboard:Dashboard", "d", dashboardName="main", dashboardBody=json.dumps(body))


def test_a_primary_and_a_replica_that_is_promoted(run: Run) -> None:
    subnets = run.make("aws:rds/subnetGroup:SubnetGroup", "net", name="main", subnetIds=network(run)[1]).id
    parameters = [
        {"name": "rds.force_ssl", "value": "1", "applyMethod": "pending-reboot"},
        {"name": "work_mem", "value": "4096", "applyMethod": "immediate"},
    ]
    group = run.make("aws:rds/parameterGroup:ParameterGroup", "pg17", family="postgres17", parameters=parameters).id
    type_ = "aws:rds/instance:Instance"
    asked: Props = {
        "identifier": "main", "engine": "postgres", "engineVersion": "17", "instanceClass": "db.r7g.large",
        "allocatedStorage": 100, "storageType": "gp3", "storageEncrypted": True, "username": "platform_admin",
        "passwordWo": "of the test alone", "passwordWoVersion": 1, "multiAz": True, "dbSubnetGroupName": subnets,
        "parameterGroupName": group, "backupRetentionPeriod": 14, "backupWindow": "03:00-03:30", "tags": TAGS,
        "iamDatabaseAuthenticationEnabled": True, "deletionProtection": True, "skipFinalSnapshot": True,
        "enabledCloudwatchLogsExports": ["postgresql", "upgrade"], "caCertIdentifier": "rds-ca-rsa2048-g1",
    }  # fmt: skip
    primary = run.make(type_, "main", **asked)
    assert primary.outputs["endpoint"].endswith(":5432")
    wider = {**asked, "instanceClass": "db.r7g.xlarge", "deletionProtection": False, "tags": {"name": "other"}}
    run.provider.update(Call("", type_, "main"), primary.id, asked, primary.outputs, wider)
    assert run.drift(type_, "main", primary, wider) == {}
    assert run.drift(type_, "main", primary, asked).keys() == {
        "instanceClass",
        "deletionProtection",
        "tags.environment",
        "tags.name",
    }
    following: Props = {
        "identifier": "main-replica-1", "replicateSourceDb": primary.id, "instanceClass": "db.r7g.large",
        "storageEncrypted": True, "parameterGroupName": group, "skipFinalSnapshot": True, "tags": TAGS,
    }  # fmt: skip
    replica = run.make(type_, "replica-1", **following)
    alone = {name: value for name, value in following.items() if name != "replicateSourceDb"}
    run.provider.update(Call("", type_, "replica-1"), replica.id, following, replica.outputs, alone)
    assert run.drift(type_, "replica-1", replica, alone) == {}
    # moto 5.2.5 goes on naming the source of a promoted replica, so that it no longer follows cannot be seen here.
    run.provider.delete(Call("", type_, "replica-1"), replica.id, alone, {})
    assert run.provider.read(Call("", type_, "replica-1"), replica.id, alone, {}) is None


def test_clusters_and_proxies_read_back(run: Run) -> None:
    _, subnets, group = network(run)
    where = run.make("aws:rds/subnetGroup:SubnetGroup", "clusters", name="clusters", subnetIds=subnets).id
    common: Props = {"masterUsername": "platform_admin", "manageMasterUserPassword": True, "skipFinalSnapshot": True,
                     "dbSubnetGroupName": where, "vpcSecurityGroupIds": [group]}  # fmt: skip
    run.make(
        "aws:rds/cluster:Cluster", "multi-az", clusterIdentifier="multi-az", engine="postgres", engineVersion="17",
        dbClusterInstanceClass="db.r6gd.large", allocatedStorage=100, storageType="gp3", **common,
    )  # fmt: skip
    aurora = run.make(
        "aws:rds/cluster:Cluster",
        "aurora",
        clusterIdentifier="aurora",
        engine="aurora-postgresql",
        engineVersion="16",
        **common,
    ).id
    member = {"clusterIdentifier": aurora, "engine": "aurora-postgresql", "instanceClass": "db.r7g.large"}
    run.make("aws:rds/clusterInstance:ClusterInstance", "a-1", identifier="aurora-1", **member)
    run.make(
        "aws:rds/clusterParameterGroup:ClusterParameterGroup", "c", family="aurora-postgresql16",
        parameters=[{"name": "rds.force_ssl", "value": "1", "applyMethod": "pending-reboot"}],
    )  # fmt: skip


def test_a_pooler_on_fargate_reads_back(run: Run) -> None:
    vpc, subnets, group = network(run)
    cluster = run.make("aws:ecs/cluster:Cluster", "poolers").id
    containers = [{"name": "pgbouncer", "image": "pgbouncer@sha256:00", "portMappings": [{"containerPort": 6432}]}]
    task = run.make(
        "aws:ecs/taskDefinition:TaskDefinition", "pooler", family="pooler", cpu="512", memory="1024",
        networkMode="awsvpc", requiresCompatibilities=["FARGATE"], containerDefinitions=json.dumps(containers),
    ).id  # fmt: skip
    balancer = run.make(
        "aws:lb/loadBalancer:LoadBalancer", "pooler", loadBalancerType="network", internal=True, subnets=subnets
    ).id
    health = {"protocol": "TCP", "interval": 10}
    targets = run.make(
        "aws:lb/targetGroup:TargetGroup",
        "rw",
        port=6432,
        protocol="TCP",
        targetType="ip",
        vpcId=vpc,
        healthCheck=health,
    ).id
    forward = [{"type": "forward", "targetGroupArn": targets}]
    run.make(
        "aws:lb/listener:Listener", "rw", loadBalancerArn=balancer, port=6432, protocol="TCP", defaultActions=forward
    )
    service = run.make(
        "aws:ecs/service:Service", "pooler", cluster=cluster, taskDefinition=task, desiredCount=3, launchType="FARGATE",
        networkConfiguration={"subnets": subnets, "securityGroups": [group]},
        loadBalancers=[{"targetGroupArn": targets, "containerName": "pgbouncer", "containerPort": 6432}],
    ).id  # fmt: skip
    scaled = {
        "resourceId": f"service/{service.partition(':service/')[2]}",
        "scalableDimension": "ecs:service:DesiredCount",
        "serviceNamespace": "ecs",
    }
    run.make("aws:appautoscaling/target:Target", "pooler", minCapacity=3, maxCapacity=9, **scaled)


def test_a_property_that_aws_does_not_have_is_refused(run: Run) -> None:
    call = Call("urn:pulumi:test::aws::aws:kms/key:Key::k", "aws:kms/key:Key", "k")
    with pytest.raises(Failed, match="CreateKeyRequest has no parameter for nonsense"):
        run.provider.create(call, {"nonsense": 1})


def test_botocore_refuses_what_aws_would(run: Run) -> None:
    call = Call("urn:pulumi:test::aws::aws:rds/subnetGroup:SubnetGroup::n", "aws:rds/subnetGroup:SubnetGroup", "n")
    with pytest.raises(Failed, match="Missing required parameter"):
        run.provider.create(call, {"name": "nothing"})
