"""Session Manager's way through a task of the pooler, found by name while the pooler itself waits for the database."""

from __future__ import annotations

import dataclasses
from typing import Any

from components.access.failures import AccessError
from components.contract import Server
from components.reach.aws import client


def with_a_way(server: Server, pooler: str) -> Server:
    """The server with its route; where that goes through a task, ECS is asked for the cluster whose name begins so."""
    route = server.route
    if route is None or route.kind != "ssm" or route.target:
        return server
    cluster, service = _service(client("ecs", str(route.region)), pooler)
    return dataclasses.replace(server, route=dataclasses.replace(route, cluster=cluster, service=service))


def _service(ecs: Any, pooler: str) -> tuple[str, str]:
    """ARNs of the pooler's cluster and of its one service. Raises AccessError."""
    pages = ecs.get_paginator("list_clusters").paginate()
    arns = [arn for page in pages for arn in page["clusterArns"] if arn.rpartition("/")[2].startswith(pooler)]
    for cluster in sorted(arns):
        if services := ecs.list_services(cluster=cluster)["serviceArns"]:
            return cluster, str(services[0])
    raise AccessError(f"ECS has no service in a cluster {pooler}...; name an instance in rds.reach.target")
