"""Certificates as manifests: Secrets from the platform's own CA, or Certificates that cert-manager fills."""

from __future__ import annotations

from typing import Any

from components.kubernetes.leaf import Leaf
from components.kubernetes.leaves import AUTHORITY, leaves
from components.kubernetes.manifests import Manifest, pod_of
from components.settings.model import Settings

LIFE, RENEWED_BEFORE = "2160h", "720h"  # 90 days, renewed after 60


def certificate_manifests(settings: Settings) -> list[Manifest]:
    """With cert-manager a Certificate for each leaf; with the own CA nothing, since its Secrets hold keys."""
    if settings.kubernetes.certificates.issuer != "cert-manager":
        return []
    return [_certificate(leaf, settings) for leaf in leaves(settings)]


def _certificate(leaf: Leaf, settings: Settings) -> Manifest:
    given = settings.kubernetes.certificates
    addresses = [host for host in leaf.hosts if host[0].isdigit()]
    names = [host for host in leaf.hosts if host not in addresses]
    spec: dict[str, Any] = {
        "secretName": leaf.secret,
        "commonName": leaf.name,
        "duration": LIFE,
        "renewBefore": RENEWED_BEFORE,
        "privateKey": {"algorithm": "ECDSA", "size": 256, "encoding": "PKCS8", "rotationPolicy": "Always"},
        # etcd's own gateway dials itself, and members dial each other: a server's certificate is a client's too.
        "usages": ["digital signature", "key agreement", "server auth", "client auth"],
        "issuerRef": {"group": "cert-manager.io", "kind": given.issuer_kind, "name": given.issuer_name},
    }
    if names:
        spec["dnsNames"] = names
    if addresses:
        spec["ipAddresses"] = addresses
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": leaf.secret},
        "spec": spec,
    }


def trust_own_secrets(manifest: Manifest, settings: Settings) -> None:
    """cert-manager writes the CA's certificate into each Secret and makes no Secret `ca`: pods take it from theirs."""
    if settings.kubernetes.certificates.issuer != "cert-manager":
        return
    for volume in pod_of(manifest).get("volumes", []):
        sources = [one["secret"] for one in volume.get("projected", {}).get("sources", []) if "secret" in one]
        own = next((one["name"] for one in sources if one["name"] != AUTHORITY), None)
        for source in sources:
            if source["name"] == AUTHORITY and own:
                source["name"] = own


def tls_secret(leaf: Leaf) -> Manifest:
    """The Secret of one certificate, without its data."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": leaf.secret},
        "type": "kubernetes.io/tls",
    }


def authority_secret() -> Manifest:
    """The Secret with the CA's certificate alone; no pod ever sees its key."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": AUTHORITY}, "type": "Opaque"}
