"""What stands in front of the database: PgBouncer on ECS Fargate, RDS Proxy, or nothing."""

from __future__ import annotations

from typing import Literal

from components.settings.fields import Section, setting
from components.settings.rds.fields import Whole


class RdsPoolerSettings(Section):
    """How PgBouncer's own settings (`pooler:`) are run on AWS; one switch changes to RDS Proxy or to none."""

    kind: Literal["pgbouncer", "rds_proxy", "none"] = setting(
        "pgbouncer",
        cost="clients reconnect",
        description="pgbouncer: ECS Fargate tasks in every zone behind an internal load balancer. rds_proxy: Amazon's. "
        "none: clients connect to the database.",
    )
    image: str | None = setting(
        None,
        cost="clients reconnect",
        description="Image of PgBouncer with its digest (name@sha256:...); must be given with kind pgbouncer.",
    )
    cpu: Literal[256, 512, 1024, 2048, 4096] = setting(
        512, unit="1/1024 vCPU", cost="clients reconnect", description="Of each task; PgBouncer uses one core at most."
    )
    memory: Whole = setting(
        1024,
        ge=512,
        le=30720,
        unit="MiB",
        cost="clients reconnect",
        description="Of each task, as Fargate allows for cpu.",
    )
    tasks: Whole = setting(3, ge=1, le=30, cost="at once", description="Tasks at least; spread over the zones.")
    max_tasks: Whole = setting(9, ge=1, le=100, cost="at once", description="Tasks at most, by CPU and connections.")
    port: Whole = setting(
        6432,
        ge=1150,
        le=65535,
        unit="TCP port",
        cost="clients reconnect",
        description="Read-write; the next one is read-only.",
    )
    idle_timeout: Whole = setting(
        1800, ge=1, le=28800, unit="seconds", cost="at once", description="RDS Proxy closes an idle client after this."
    )
    max_connections_percent: Whole = setting(
        90, ge=1, le=100, unit="% of max_connections", cost="at once", description="What RDS Proxy may use."
    )
