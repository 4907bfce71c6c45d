"""Who reaches whom: type, ports and annotations of the four Services, and the network policies that follow."""

from __future__ import annotations

from typing import Any

from components.kubernetes.manifests import Manifest, identity
from components.kubernetes.names import GATEWAY, MEMBERS, SERVICES
from components.settings.kubernetes import ExposureSettings
from components.settings.model import Settings

NAME = "kubernetes.io/metadata.name"  # a label that every namespace has by itself


def exposed(manifest: Manifest, settings: Settings) -> None:
    """Changes a Service of the gateway, its network policy or the members'; leaves everything else alone."""
    wanted = settings.kubernetes.exposure
    for name, service in SERVICES.items():
        if identity(manifest) == ("Service", service):
            _service(manifest, wanted, getattr(wanted.node_ports, name))
    if identity(manifest) == ("NetworkPolicy", MEMBERS) and settings.kubernetes.standby_of:
        primary = {"port": settings.kubernetes.standby_of.port, "protocol": "TCP"}
        # Wherever the other cluster is: only its name is known, and policies know no names.
        manifest["spec"]["egress"].append(
            {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}, {"namespaceSelector": {}}], "ports": [primary]}
        )
    if identity(manifest) == ("NetworkPolicy", GATEWAY):
        clients = manifest["spec"]["ingress"][0]
        clients["from"] = [*_inside(wanted), *({"ipBlock": {"cidr": source}} for source in wanted.sources)]


def _service(manifest: Manifest, wanted: ExposureSettings, node_port: int | None) -> None:
    if wanted.annotations:
        manifest["metadata"]["annotations"] = manifest["metadata"].get("annotations", {}) | dict(wanted.annotations)
    if wanted.type == "ClusterIP":
        return
    # Local: else a machine stands in for the client, and the network policy sees only machines.
    manifest["spec"] |= {"type": wanted.type, "externalTrafficPolicy": "Local"}
    if node_port is not None:
        manifest["spec"]["ports"][0]["nodePort"] = node_port


def _inside(wanted: ExposureSettings) -> list[dict[str, Any]]:
    if not wanted.namespaces:
        return [{"namespaceSelector": {}}]
    return [{"namespaceSelector": {"matchLabels": {NAME: name}}} for name in wanted.namespaces]
