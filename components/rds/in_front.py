"""What stands in front of the database: PgBouncer, RDS Proxy or nothing, by `rds.pooler.kind`."""

from __future__ import annotations

import pulumi

from components.rds import names, watching
from components.rds.databases import Databases
from components.rds.endpoints import endpoints
from components.rds.place import Place
from components.rds.pooler import Pooled, PoolerGround, pgbouncer
from components.rds.proxy import Logins, rds_proxy


def in_front(home: Place, databases: Databases, secret: pulumi.Output[str]) -> Pooled | None:
    """Declares it, and its names of one's own; None where clients connect to the database."""
    kind = home.scope.settings.rds.pooler.kind
    if kind == "none" or home.network.pooler is None:
        return None
    made = _proxy(home, databases, secret) if kind == "rds_proxy" else pgbouncer(home.scope, _ground(home, databases))
    dns = home.scope.settings.rds.dns
    if dns is not None:
        names.record(home.scope, "pooled", dns.pooled, [made.host])
        names.record(home.scope, "pooled-reader", dns.pooled_reader, [made.reader_host])
    return made


def _ground(home: Place, databases: Databases) -> PoolerGround:
    network = home.network
    assert network.pooler is not None
    own = network.table is not None and home.scope.settings.rds.pooler.kind == "pgbouncer"
    group = network.pooler.id
    return PoolerGround(
        vpc=network.vpc,
        subnets=network.subnets,
        group=group,
        key_arn=home.key,
        writer=databases.writer,
        readers=databases.readers,
        topic_arn=home.topic.arn if home.topic else None,
        after=endpoints(home.scope, network.vpc, network.subnets, network.table, group) if own else [],
    )


def _proxy(home: Place, databases: Databases, secret: pulumi.Output[str]) -> Pooled:
    logins, ground = Logins(secret=secret, resource_ids=databases.resource_ids), _ground(home, databases)
    of_cluster = home.scope.settings.rds.members_are_a_cluster
    follows = (
        {"cluster": databases.main["clusterIdentifier"]} if of_cluster else {"instance": databases.main["identifier"]}
    )
    made = rds_proxy(home.scope, ground, logins, **follows)
    watching.events(home.scope, home.topic, {"db-proxy": [made.parts[0]["name"]]})
    return made
