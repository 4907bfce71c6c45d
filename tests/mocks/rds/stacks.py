"""The stacks whose whole graph is looked at: small, prod, multi-region, Multi-AZ DB cluster, Aurora."""

from __future__ import annotations

from functools import cache
from typing import Any

from components.settings.model import Settings
from tests.mocks.rds.graph import ACCOUNT, Graph, declared
from tests.unit.settings.rds.stacks import settings

SMALL: dict[str, Any] = {
    "environment": "development",
    "account": ACCOUNT,
    "instance_class": "db.t4g.medium",
    "multi_az": False,
    "availability_zone": "eu-central-1b",
    "storage": {"size": 20, "max": 0},
    "pooler": {"kind": "none", "image": None},
    "encryption": {"key": "aws"},
    "network": {
        "vpc": "vpc-0123456789abcdef0",
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "consumers": {"laptops": {"cidr": "10.8.0.0/16", "to": ["database"], "description": "over the VPN"}},
    },
    "monitoring": {"interval": 0, "insights": "off"},
    "alarms": {"topic": f"arn:aws:sns:eu-central-1:{ACCOUNT}:team"},
    "dashboard": False,
    "tags": {"team": "platform"},
}
PROD: dict[str, Any] = {
    "instance_class": "db.r7g.2xlarge",
    "storage": {"size": 500, "max": 1000, "iops": 16000, "throughput": 1000},
    "network": {"consumers": {"api": {"security_group": "sg-0123456789abcdef0", "to": ["pooler", "database"]}}},
    "iam": {"logins": {"reports": ["analyst", "auditor"], "jobs": []}},
    "alarms": {"email": ["dba@example.com"], "overrides": {"SwapUsage": {"enabled": False}}},
    "backup": {"cross_region": {"region": "eu-west-1", "retention": 7}},
    "dns": {"zone": "Z0123456789", "writer": "db.example.com", "reader": "ro.db.example.com"},
    "monitoring": {"insights": "advanced"},
}
REGIONS: dict[str, Any] = {
    "replicas": [
        {"name": "near", "parameters": {"hot_standby_feedback": "on"}},
        {"name": "below", "source": "far", "region": "eu-west-1", "instance_class": "db.r7g.xlarge"},
        {"name": "far", "region": "eu-west-1", "multi_az": True},
        {"name": "freed", "promote": True},
    ],
    "network": {
        "consumers": {
            "api": {"security_group": "sg-0123456789abcdef0", "to": ["database"]},
            "office": {"cidr": "10.9.0.0/16", "to": ["database"]},
        }
    },
}
CLUSTER: dict[str, Any] = {"topology": "cluster", "instance_class": "db.r6gd.large"}
AURORA: dict[str, Any] = {
    "topology": "aurora",
    "instance_class": "db.serverless",
    "serverless": {"min": 1.0, "max": 8.0},
    "replicas": [{"name": "reader"}, {"name": "reports", "instance_class": "db.r7g.large", "zone": "eu-central-1c"}],
}


def of(stack: str) -> Settings:
    """Its settings."""
    given = {"small": SMALL, "prod": PROD, "regions": REGIONS, "cluster": CLUSTER, "aurora": AURORA}[stack]
    durability = "asynchronous" if stack == "small" else "zero-loss"
    return settings(given, replicas=2 if stack == "prod" else 0, durability=durability)


@cache
def graph(stack: str) -> tuple[Graph, dict[str, Any]]:
    """Its resources and outputs."""
    return declared(of(stack), frozenset({"pg_cron"}) if stack == "prod" else frozenset())
