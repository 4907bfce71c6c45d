"""What the access layer and clients get to know, and names of one's own in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.contract import Capabilities, Credentials, Endpoint, Route, Server
from components.rds.arguments import Arguments, region
from components.rds.arguments_network import has_pooler, ports
from components.settings.model import Settings

# Where applications mount whom to trust, as their URLs say: Amazon's authorities, and the CA of our own poolers.
MOUNTED = "/etc/postgres-platform"
AMAZON_CA, POOLER_CA = f"{MOUNTED}/rds-bundle.pem", f"{MOUNTED}/pooler-ca.pem"
PUBLIC_CA = "system"  # libpq's word since 16 for those that the machine trusts; RDS Proxy's certificate is theirs


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """Names that AWS gives. `pooled` is what stands in front; None where clients connect to the database. `cluster` and
    `service` are the pooler's in ECS. `secret` is the ARN of the administrator's.
    """

    writer: str
    reader: str
    pooled: str | None = None
    cluster: str | None = None
    service: str | None = None
    secret: str | None = None


def route(settings: Settings, hosts: Hosts) -> Route | None:
    """This program's own way in; None where it is inside the VPC already."""
    reach = settings.rds.reach
    if reach.by == "direct":
        return None
    return Route(
        kind="ssm",
        target=reach.target,
        cluster=hosts.cluster,
        service=hosts.service,
        region=region(settings),
        timeout=float(reach.timeout),
    )


def bundle_url(settings: Settings) -> str:
    """Where AWS publishes the certificate authorities of the region: `sslrootcert` for `sslmode=verify-full`."""
    suffix = ".cn" if region(settings).startswith("cn-") else ""
    return f"https://truststore.pki.rds.amazonaws.com{suffix}/{region(settings)}/{region(settings)}-bundle.pem"


def server(settings: Settings, hosts: Hosts, username: str) -> Server:
    """AWS's own names throughout: a server certificate carries them, and no name of rds.dns."""
    at, pool = ports(settings, "database"), ports(settings, "pooler")
    writer, reader = Endpoint(host=hosts.writer, port=at.first), Endpoint(host=hosts.reader, port=at.first)
    pooled = hosts.pooled if has_pooler(settings) else None
    return Server(
        writer=writer,
        reader=reader,
        pooled=Endpoint(host=pooled, port=pool.first) if pooled else writer,
        pooled_reader=Endpoint(host=pooled, port=pool.last) if pooled else reader,
        admin=Credentials(user=username, secret=hosts.secret),
        ca=AMAZON_CA,
        pooled_ca={"pgbouncer": POOLER_CA, "rds_proxy": PUBLIC_CA}.get(settings.rds.pooler.kind),
        authorities=settings.rds.ca_bundle or bundle_url(settings),
        pooled_lifetime=settings.pooler.server_lifetime if settings.rds.pooler.kind == "pgbouncer" else None,
        major=settings.known_major,
        capabilities=Capabilities(superuser=False, owns_hba=False, pgbouncer_reload=False),
        route=route(settings, hosts),
    )


def planned(settings: Settings) -> Server:
    """All that is known before AWS has given names."""
    return server(settings, Hosts(writer="", reader="", pooled=""), settings.rds.username)


def records(settings: Settings, name: str, hosts: Sequence[Any]) -> list[Arguments]:
    """CNAMEs of one name; several hosts share it in equal parts."""
    dns = settings.rds.dns
    assert dns is not None
    base: Arguments = {"zoneId": dns.zone, "name": name, "type": "CNAME", "ttl": dns.ttl}
    if len(hosts) == 1:
        return [{**base, "records": [hosts[0]]}]
    return [
        {**base, "records": [host], "setIdentifier": f"{number}", "weightedRoutingPolicies": [{"weight": 1}]}
        for number, host in enumerate(hosts, 1)
    ]
