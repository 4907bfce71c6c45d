"""Kubernetes: where members keep the leader's lease, in etcd's pods or by the Kubernetes API; what each part is told.

By the API Patroni writes the lease into ConfigMaps. With Endpoints, its older way, it would write the leader's address
into those of a Service that has the cluster's name, and Kubernetes gives Endpoints up. Gateways are told nothing: they
ask the members.
"""

from __future__ import annotations

from typing import Any

from components.render.etcd import etcd_configuration
from components.render.pod_layout import (
    CONFIG,
    DATA,
    ETCD_CLIENT,
    ETCD_METRICS,
    ETCD_PEER,
    NODE_STOP,
    POD,
    RUN,
    TLS,
    Files,
    as_json,
    as_yaml,
    paths,
    supervisor,
)
from components.render.sites import ANYWHERE, Certificate, EtcdSite, certificate
from components.settings.model import Settings

# Variables of a member's container; the first two are Kubernetes' own.
API_HOST, API_PORT, API_NAMESPACE = "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "PATRONI_KUBERNETES_NAMESPACE"


def etcd_names(settings: Settings) -> tuple[str, ...]:
    """etcd-0, etcd-1, ...; none where the lease is kept by the Kubernetes API."""
    if settings.lease_in_kubernetes:
        return ()
    return tuple(f"etcd-{number}" for number in range(settings.kubernetes.etcd.nodes))


def etcd_site(name: str) -> EtcdSite:
    """One etcd pod."""
    return EtcdSite(
        number=int(name.rpartition("-")[2]),
        name=name,
        directory=str(DATA),
        data=f"{DATA}/etcd",
        config_file=f"{RUN}/etcd.yml",
        address=ANYWHERE,
        client_port=ETCD_CLIENT,
        peer_port=ETCD_PEER,
        tls=certificate(TLS, "etcd"),
        host=f"{name}.etcd",
        metrics_port=ETCD_METRICS,
    )


def etcd_files(settings: Settings) -> Files:
    """One file a node, because etcd reads nothing else beside its file, and the supervisor's."""
    nodes = [etcd_site(name) for name in etcd_names(settings)]
    files = {f"{node.name}.yml": as_yaml(etcd_configuration(settings, node, nodes)) for node in nodes}
    return files | {"node.json": as_json(_node(settings, nodes))}


def etcd_hosts(settings: Settings) -> tuple[str, ...]:
    """host:port of each node."""
    return tuple(etcd_site(name).client for name in etcd_names(settings))


def member_store(settings: Settings, who: Certificate) -> dict[str, Any]:
    """What a member's supervisor is told of the store; `who` it is to etcd."""
    if not settings.lease_in_kubernetes:
        return {"etcd": _etcd(settings, who)}
    api = {"host": API_HOST, "port": API_PORT, "namespace": API_NAMESPACE}
    return {"kubernetes": {key: f"${{{name}}}" for key, name in api.items()}}


def member_environment(settings: Settings) -> dict[str, str]:
    """What Patroni, which gets no variable that is not listed, needs to find the API."""
    names = (API_HOST, API_PORT, API_NAMESPACE) if settings.lease_in_kubernetes else ()
    return {name: f"${{{name}}}" for name in names}


def gateway_store(settings: Settings, who: Certificate) -> dict[str, Any]:
    """What a gateway's supervisor is told: etcd to watch, or nothing."""
    return {} if settings.lease_in_kubernetes else {"etcd": _etcd(settings, who)}


def _etcd(settings: Settings, who: Certificate) -> dict[str, Any]:
    return {"endpoints": [f"https://{host}" for host in etcd_hosts(settings)], **paths(who)}


def _node(settings: Settings, nodes: list[EtcdSite]) -> dict[str, Any]:
    site = nodes[0]
    return supervisor(POD, str(DATA), NODE_STOP, f"{DATA}/status.json") | {
        "command": ["/usr/bin/etcd", "--config-file", site.config_file],
        "joining": {
            "template": f"{CONFIG}/{POD}.yml",
            "written": site.config_file,
            "data_dir": site.data,
            "peer_url": f"https://{POD}.etcd:{ETCD_PEER}",
            "etcd": _etcd(settings, site.tls),
        },
    }
