"""What AWS is asked about a stack: RDS in each of its regions, CloudWatch, and what stands in front."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from components.rds.arguments import region, regions_abroad
from components.settings.model import Settings
from components.settings.rds.replicas import identifier
from tools.driver.rds import members
from tools.driver.rds.asking import Aws, Lacking, UnansweredError, together
from tools.driver.rds.pooler import Found, Front
from tools.driver.rds.report import Report, Told, is_up, report
from tools.driver.refusal import Refusal

LOOK_BACK = timedelta(minutes=10)  # CloudWatch has the last minute only a few later
LAG, AURORA_LAG, FREE = "ReplicaLag", "AuroraReplicaLag", "FreeStorageSpace"
FACTORS = {AURORA_LAG: (LAG, 0.001)}  # AWS counts Aurora's in milliseconds


def look(settings: Settings) -> Report:
    """Ask everything at once. Raises Refusal where nothing is up, or AWS does not say whether anything is."""
    with Aws() as aws:
        told = _told(aws, settings)
        if not is_up(told):
            raise Refusal(_nothing(aws, settings))
    return report(settings, told)


def _told(aws: Aws, settings: Settings) -> Told:
    home, places = region(settings), [region(settings), *regions_abroad(settings)]
    asked: dict[str, Callable[[], Any]] = {
        f"databases {one}": partial(_databases, aws, settings, one) for one in places
    }
    asked |= {f"actions {one}": partial(_actions, aws, one) for one in places}
    asked |= {f"measured {one}": partial(_measured, aws, settings, one) for one in places}
    asked |= {"front": partial(_front, aws, settings, home)}
    answers = together(asked)
    own = answers[f"databases {home}"]
    if isinstance(own, Lacking):
        raise Refusal(str(own))
    _check_account(settings, own)
    cluster, _ = own
    front = answers["front"]
    return Told(
        instances={one: known[1] for one in places if not isinstance(known := answers[f"databases {one}"], Lacking)},
        cluster=cluster,
        actions=[one for several in _given(answers, "actions") for one in several],
        measured={key: value for several in _given(answers, "measured") for key, value in several.items()},
        front=None if isinstance(front, Lacking) else front,
        unknown=[*_lacking(answers, "databases"), *_lacking(answers, "front")],
        missed=[*_lacking(answers, "actions"), *_lacking(answers, "measured")],
    )


def _given(answers: Mapping[str, Any], kind: str) -> Iterator[Any]:
    return (one for name, one in answers.items() if name.startswith(kind) and not isinstance(one, Lacking))


def _lacking(answers: Mapping[str, Any], kind: str) -> Iterator[str]:
    return (str(one) for name, one in answers.items() if name.startswith(kind) and isinstance(one, Lacking))


def _filter(name: str, values: Iterable[str]) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": list(values)}]


def _databases(aws: Aws, settings: Settings, where: str) -> tuple[Found | None, list[Found]]:
    """The cluster, where there is one, and the instances of the stack in a region."""
    names = [one.name for one in members.wanted(settings) if one.region == where]
    if not settings.rds.members_are_a_cluster:
        listed = _filter("db-instance-id", names)
        return None, aws.listed("rds", where, "DescribeDBInstances", "DBInstances", Filters=listed)
    listed = _filter("db-cluster-id", [identifier(settings)])
    clusters = aws.listed("rds", where, "DescribeDBClusters", "DBClusters", Filters=listed)
    if not clusters:
        return None, []
    return clusters[0], aws.listed("rds", where, "DescribeDBInstances", "DBInstances", Filters=listed)


def _actions(aws: Aws, where: str) -> list[Found]:
    return aws.listed("rds", where, "DescribePendingMaintenanceActions", "PendingMaintenanceActions")


def _measured(aws: Aws, settings: Settings, where: str) -> dict[tuple[str, str], float]:
    """The last value of each metric, one question for all."""
    metrics = list(_metrics(settings, where))
    now = datetime.now(UTC)
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/RDS",
                    "MetricName": metric,
                    "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": name}],
                },
                "Period": 60,
                "Stat": "Average",
            },
        }
        for number, (name, metric) in enumerate(metrics)
    ]
    words = {"StartTime": now - LOOK_BACK, "EndTime": now, "ScanBy": "TimestampDescending"}
    answers = aws.listed("cloudwatch", where, "GetMetricData", "MetricDataResults", MetricDataQueries=queries, **words)
    found: dict[tuple[str, str], float] = {}
    for one in answers:
        name, metric = metrics[int(one["Id"][1:])]
        known, factor = FACTORS.get(metric, (metric, 1))
        if one["Values"]:
            found.setdefault((name, known), one["Values"][0] * factor)
    return found


def _metrics(settings: Settings, where: str) -> Iterator[tuple[str, str]]:
    aurora = settings.rds.topology == "aurora"
    for one in members.wanted(settings):
        if one.region != where:
            continue
        if not aurora:
            yield one.name, FREE
        if one.role in members.READS or settings.rds.members_are_a_cluster:  # who writes there changes
            yield one.name, AURORA_LAG if aurora else LAG


def _front(aws: Aws, settings: Settings, home: str) -> Front | None:
    """None where the stack wants none."""
    kind = settings.rds.pooler.kind
    if kind == "none":
        return None
    return _tasks(aws, settings, home) if kind == "pgbouncer" else _proxy(aws, settings, home)


def _tasks(aws: Aws, settings: Settings, home: str) -> Front:
    """ECS's service by the name that Pulumi gives it, and by its tasks, since another stack may be called alike."""
    found = next(_services(aws, settings, home), None)
    if found is None:
        return Front()
    groups = [one["targetGroupArn"] for one in found.get("loadBalancers", ())]
    try:
        host, health = _balancer(aws, home, groups) if groups else (None, {})
    except UnansweredError as why:
        return Front(service=found, lack=str(why))
    return Front(service=found, host=host, health=health)


def _balancer(aws: Aws, home: str, groups: list[str]) -> tuple[str | None, dict[int, list[Found]]]:
    """Its name for clients, and what it says of the tasks by port."""
    health, host = {}, None
    for group in aws.listed("elbv2", home, "DescribeTargetGroups", "TargetGroups", TargetGroupArns=groups):
        arn = group["TargetGroupArn"]
        told = aws.ask("elbv2", home, "DescribeTargetHealth", TargetGroupArn=arn)
        health[int(group["Port"])] = told["TargetHealthDescriptions"]
        host = host or _host(aws, home, group.get("LoadBalancerArns", ()))
    return host, health


def _host(aws: Aws, home: str, balancers: Sequence[str]) -> str | None:
    if not balancers:  # AWS would list all that there are
        return None
    found = aws.listed("elbv2", home, "DescribeLoadBalancers", "LoadBalancers", LoadBalancerArns=balancers)
    return next((str(one["DNSName"]) for one in found), None)


def _services(aws: Aws, settings: Settings, home: str) -> Iterator[Found]:
    for cluster in aws.listed("ecs", home, "ListClusters", "clusterArns"):
        if not _is_ours(settings, cluster.rpartition("/")[2]):
            continue
        arns = aws.listed("ecs", home, "ListServices", "serviceArns", cluster=cluster)
        if not arns:
            continue
        told = aws.ask("ecs", home, "DescribeServices", cluster=cluster, services=arns)
        family = f"/{identifier(settings)}-pooler:"
        yield from (one for one in told["services"] if family in one.get("taskDefinition", ""))


def _is_ours(settings: Settings, name: str) -> bool:
    return name.startswith(f"{settings.name}-pooler-")


def _proxy(aws: Aws, settings: Settings, home: str) -> Front:
    """RDS Proxy by the name that Pulumi gives it and by what it leads to."""
    known = {identifier(settings), *(one.name for one in members.wanted(settings))}
    for proxy in aws.listed("rds", home, "DescribeDBProxies", "DBProxies"):
        if not _is_ours(settings, proxy["DBProxyName"]):
            continue
        words = {"DBProxyName": proxy["DBProxyName"]}
        targets = aws.listed("rds", home, "DescribeDBProxyTargets", "Targets", **words)
        if not targets or any({one.get("RdsResourceId"), one.get("TrackedClusterId")} & known for one in targets):
            return Front(proxy=proxy, host=proxy.get("Endpoint"), health={5432: targets})
    return Front()


def _check_account(settings: Settings, own: tuple[Found | None, list[Found]]) -> None:
    """A stack that is bound to an account is not mixed up with another one's database of the same name."""
    cluster, instances = own
    arns = [cluster["DBClusterArn"]] if cluster else [one["DBInstanceArn"] for one in instances]
    for arn in arns[:1]:
        if settings.rds.account and arn.split(":")[4] != settings.rds.account:
            raise Refusal(_other_account(settings, arn.split(":")[4]))


def _other_account(settings: Settings, found: str) -> str:
    return f"you are logged in to AWS account {found}, the stack belongs to {settings.rds.account} (rds.account)"


def _nothing(aws: Aws, settings: Settings) -> str:
    """Where nothing was found, in case it is the wrong place."""
    try:
        account = str(aws.ask("sts", region(settings), "GetCallerIdentity")["Account"])
    except UnansweredError:
        account = "this login's"
    if settings.rds.account and account != settings.rds.account and account.isdigit():
        return _other_account(settings, account)
    what = "cluster" if settings.rds.members_are_a_cluster else "instance"
    return (
        f"nothing is up here: AWS has no {what} {identifier(settings)} in {region(settings)}, account {account}; "
        "`pulumi up` brings it up"
    )
