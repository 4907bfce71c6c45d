"""Where it can be reached from: VPC, security groups by consumer, the way in for the access layer, DNS names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator

from components.settings.fields import Section, setting
from components.settings.rds.fields import Texts, Truth, Whole

Target = Literal["database", "pooler"]
Targets = Annotated[
    tuple[Target, ...], BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)
]


class ConsumerSettings(Section):
    """Somebody who may connect: a security group, or addresses. One ingress rule for each target."""

    security_group: str | None = setting(
        None, cost="at once", description="Security group (sg-...) that the clients are in. Preferred to cidr."
    )
    cidr: str | None = setting(
        None, cost="at once", description="Addresses such as 10.8.0.0/16, where no security group can be named."
    )
    to: Targets = setting(("pooler",), cost="at once", description="What they reach: pooler, database, or both.")
    description: str | None = setting(
        None, max_length=200, cost="at once", description="Why; stands in the rule. Default: the consumer's name."
    )


class NetworkSettings(Section):
    """An existing VPC with its subnets, or one of our own with private subnets in every zone."""

    vpc: str | None = setting(
        None,
        cost="new cluster",
        description="Existing VPC (vpc-...); then subnets must be named, too. Default: one is made.",
    )
    subnets: Texts = setting(
        (),
        cost="at once",
        description="Private subnets of that VPC (subnet-...) in two zones or more, in three for topology cluster.",
    )
    cidr: str = setting(
        "10.80.0.0/16",
        cost="new cluster",
        description="Addresses of the VPC that is made, /16 to /24; each zone gets an equal part.",
    )
    cidrs: Mapping[str, str] = setting(
        {},
        cost="new cluster",
        description="Region -> addresses of the VPC that is made there for replicas. Default: a block of the same size "
        "as cidr, elsewhere in the same private range, so that the two can be peered.",
    )
    zones: Texts = setting(
        (),
        cost="at once",
        description="Availability zones such as eu-central-1a. Default: the first three of the region.",
    )
    consumers: Mapping[str, ConsumerSettings] = setting(
        {}, cost="at once", description="Who may connect, by name. Nobody else can, not even from inside the VPC."
    )
    publicly_accessible: Truth = setting(
        False,
        cost="at once",
        description="A public address for the database. Refused unless allow names public-database.",
    )
    type: Literal["IPV4", "DUAL"] = setting(
        "IPV4", cost="at once", description="DUAL adds IPv6; not for topology cluster."
    )


class ReachSettings(Section):
    """How this program itself gets to the database, to set up access."""

    by: Literal["direct", "ssm"] = setting(
        "direct",
        cost="nothing restarts",
        description="direct: it runs inside the VPC or behind a VPN. ssm: a port is forwarded by AWS Session Manager.",
    )
    target: str | None = setting(
        None,
        cost="nothing restarts",
        description="For ssm: a managed instance (i-..., mi-...) or ecs:<cluster>_<task>_<runtime>. Default: a task "
        "of the PgBouncer service.",
    )
    timeout: Whole = setting(
        60, ge=5, le=600, unit="seconds", cost="nothing restarts", description="How long the way in may take to open."
    )


class DnsSettings(Section):
    """CNAME records in front of the endpoints, so that a restored or promoted instance can take over."""

    zone: str = setting(..., cost="at once", description="ID of the Route 53 hosted zone (Z...).")
    writer: str = setting(..., cost="at once", description="Full name for the writer, such as db.example.com.")
    reader: str | None = setting(None, cost="at once", description="Full name for the reader. Default: none.")
    pooled: str | None = setting(None, cost="at once", description="Full name for the pooler. Default: none.")
    pooled_reader: str | None = setting(
        None, cost="at once", description="Full name for the read-only pooler. Default: none."
    )
    ttl: Whole = setting(
        20, ge=1, le=29, unit="seconds", cost="at once", description="Below 30, so that clients follow a failover."
    )
