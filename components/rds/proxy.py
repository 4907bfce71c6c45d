"""RDS Proxy, the alternative to PgBouncer: Amazon runs it, and it asks for the logins' secrets or tokens.

With IAM clients log in to it by token, and it to the database too (`defaultAuthScheme`), so no password is kept for it;
logins by password are then not served. Without IAM it knows the administrator's secret alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.rds import pooler_policies as policies
from components.rds.arguments import Arguments, tags
from components.rds.arguments_security import login_policy
from components.rds.pooler import Pooled, PoolerGround
from components.rds.resource import Resource, Scope
from components.settings.model import Settings

BORROW_S = 120  # how long a client waits for a connection: longer than a failover
IDLE_PERCENT = 50


@dataclass(frozen=True, kw_only=True)
class Logins:
    """Whom the proxy lets in: `resource_ids` of the members by token, or the administrator by `secret` alone."""

    secret: Any
    resource_ids: Sequence[Any]


def proxy_arguments(settings: Settings, role: Any, logins: Logins, ground: PoolerGround) -> Arguments:
    """TLS is required. With IAM no secret is named: a client's token is answered with a token."""
    by_secret = {
        "authScheme": "SECRETS",
        "secretArn": logins.secret,
        "iamAuth": "DISABLED",
        "clientPasswordAuthType": "POSTGRES_SCRAM_SHA_256",
    }
    by = {"defaultAuthScheme": "IAM_AUTH"} if settings.rds.iam.enabled else {"auths": [by_secret]}
    return {
        "engineFamily": "POSTGRESQL",
        "roleArn": role,
        "requireTls": True,
        "idleClientTimeout": settings.rds.pooler.idle_timeout,
        "debugLogging": False,  # it would log statements
        "vpcSubnetIds": list(ground.subnets),
        "vpcSecurityGroupIds": [ground.group],
        **by,
        "tags": tags(settings),
    }


def pool_arguments(settings: Settings, proxy: Any) -> Arguments:
    """How much of max_connections it may use."""
    most = settings.rds.pooler.max_connections_percent
    pool = {
        "maxConnectionsPercent": most,
        "maxIdleConnectionsPercent": min(IDLE_PERCENT, most),
        "connectionBorrowTimeout": BORROW_S,
    }
    return {"dbProxyName": proxy, "connectionPoolConfig": pool}


def rds_proxy(
    scope: Scope, ground: PoolerGround, logins: Logins, *, instance: Any = None, cluster: Any = None
) -> Pooled:
    """The proxy, its role, its pool and its target: an instance, or a cluster. Its alarms are RDS's own events.

    Amazon gives an instance no read-only endpoint; a cluster's readers get one.
    """
    settings = scope.settings
    role = _role(scope, ground, logins)
    made = scope.make(
        "rds.Proxy", "pooler", proxy_arguments(settings, role["arn"], logins, ground), ("name", "endpoint")
    )
    pool = scope.make("rds.ProxyDefaultTargetGroup", "pooler", pool_arguments(settings, made["name"]), ("name",))
    target = {"dbProxyName": made["name"], "targetGroupName": pool["name"]}
    target |= {"dbClusterIdentifier": cluster} if cluster is not None else {"dbInstanceIdentifier": instance}
    scope.make("rds.ProxyTarget", "pooler", target)
    reader = _reader(scope, ground, made) if cluster is not None else made
    return Pooled(host=made["endpoint"], reader_host=reader["endpoint"], parts=[made])


def _reader(scope: Scope, ground: PoolerGround, proxy: Resource) -> Resource:
    inputs = {
        "dbProxyName": proxy["name"],
        "dbProxyEndpointName": f"{scope.name}-reader",
        "targetRole": "READ_ONLY",
        "vpcSubnetIds": list(ground.subnets),
        "vpcSecurityGroupIds": [ground.group],
        "tags": tags(scope.settings),
    }
    return scope.make("rds.ProxyEndpoint", "pooler-reader", inputs, ("endpoint",))


def _role(scope: Scope, ground: PoolerGround, logins: Logins) -> Resource:
    trust = scope.account.apply(lambda account: policies.trust("rds.amazonaws.com", account))
    role = scope.make("iam.Role", "pooler", {"assumeRolePolicy": trust, "tags": tags(scope.settings)}, ("arn", "name"))
    policy: pulumi.Output[str]
    if scope.settings.rds.iam.enabled:
        policy = pulumi.Output.all(scope.account, *logins.resource_ids).apply(
            lambda known: login_policy(scope.region, known[0], known[1:], "*")
        )
    else:
        policy = pulumi.Output.all(logins.secret, ground.key_arn).apply(
            lambda arns: policies.proxy(arns[0], arns[1], scope.region)
        )
    scope.make("iam.RolePolicy", "pooler", {"role": role["name"], "policy": policy})
    return role
