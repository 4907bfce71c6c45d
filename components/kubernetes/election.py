"""What a lease that the Kubernetes API keeps changes of the manifests: `k8s/election-kubernetes/` over `k8s/`. Pure."""

from __future__ import annotations

import copy

from components.kubernetes.manifests import Component, Manifest, identity
from components.kubernetes.names import ETCD, MEMBERS
from components.kubernetes.strategic import patched
from components.settings.model import Settings

DELETE = {"$patch": "delete"}  # kustomize's words for an object that goes


def with_election(manifests: list[Manifest], component: Component, settings: Settings) -> list[Manifest]:
    """Members with rights and a token, and nothing of etcd; a stack with etcd gets back what it gave."""
    if not settings.lease_in_kubernetes:
        return manifests
    gone = {identity(patch) for patch in component.patches if DELETE.items() <= patch.items()}
    changed = [patch for patch in component.patches if identity(patch) not in gone]
    found = [patched(one, changed) for one in manifests if identity(one) not in gone]
    return found + [_named(copy.deepcopy(one), settings) for one in component.manifests]


def _named(manifest: Manifest, settings: Settings) -> Manifest:
    """Patroni calls its ConfigMaps by the cluster."""
    if identity(manifest) == ("Role", MEMBERS):
        for rule in manifest["rules"]:
            if "configmaps" in rule["resources"] and "resourceNames" in rule:
                rule["resourceNames"] = config_maps(settings)
    return manifest


def config_maps(settings: Settings) -> list[str]:
    """Patroni's own, which it makes when they are missing, and which stay with the volumes."""
    return [f"{settings.name}-{what}" for what in ("config", "leader", "failover", "sync")]


def without_etcd(manifests: list[Manifest], settings: Settings) -> list[Manifest]:
    """Of what Prometheus reads, that which there is."""
    if not settings.lease_in_kubernetes:
        return manifests
    kept = [one for one in manifests if identity(one) != ("PodMonitor", ETCD)]
    for one in kept:
        if one["kind"] == "PrometheusRule":
            one["spec"]["groups"] = [group for group in one["spec"]["groups"] if group["name"] != ETCD]
    return kept
