"""An etcd node's configuration file. Clients and peers both show a certificate of our CA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.render.sites import EtcdSite
from components.settings.model import Settings

QUOTA_BYTES = 256 * 1024 * 1024  # what Patroni keeps is a few kilobytes


def etcd_configuration(
    settings: Settings, site: EtcdSite, nodes: Sequence[EtcdSite], *, joins: bool = False
) -> dict[str, Any]:
    """`site`'s etcd.yml in a cluster of `nodes`; `joins` for a node whose data is gone while the others go on.

    Every change needs a restart of that node; one node at a time costs no write.
    """
    tls = {
        "cert-file": site.tls.certificate,
        "key-file": site.tls.key,
        "trusted-ca-file": site.tls.ca,
        "client-cert-auth": True,
    }
    configuration = {
        "name": site.name,
        "data-dir": site.data,
        "listen-client-urls": f"https://{site.address}:{site.client_port}",
        "advertise-client-urls": f"https://{site.client}",
        "listen-peer-urls": f"https://{site.address}:{site.peer_port}",
        "initial-advertise-peer-urls": f"https://{site.peer}",
        "initial-cluster": ",".join(f"{node.name}=https://{node.peer}" for node in nodes),
        "initial-cluster-token": f"postgres-platform-{settings.name}",
        "initial-cluster-state": "existing" if joins else "new",
        "client-transport-security": tls,
        "peer-transport-security": tls,
        "heartbeat-interval": 100,
        "election-timeout": 1000,
        "auto-compaction-mode": "periodic",
        "auto-compaction-retention": "1h",
        "quota-backend-bytes": QUOTA_BYTES,
        # Patroni and the follower speak JSON to it. On by default only for a node that is started by flags.
        "enable-grpc-gateway": True,
        "logger": "zap",
        "log-level": "warn",
        "log-outputs": ["stderr"],
    }
    if site.metrics_port is not None:
        configuration["listen-metrics-urls"] = f"http://{site.address}:{site.metrics_port}"
    return configuration
