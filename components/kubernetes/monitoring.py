"""The manifests of `k8s/monitoring` for one stack: what Prometheus' operator reads. Pure.

One Prometheus may watch several stacks, so every metric in a rule is narrowed to the stack's namespace.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any

from components.kubernetes.election import without_etcd
from components.kubernetes.manifests import Manifest
from components.kubernetes.names import namespace
from components.settings.model import Settings

OPERATOR = "monitoring.coreos.com"
DEFINITIONS = (f"podmonitors.{OPERATOR}", f"prometheusrules.{OPERATOR}")
# An alert that means something only where commits wait for a replica.
OF_ZERO_LOSS = frozenset({"PostgresSyncLost"})
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_METRIC = re.compile(r"\b((?:patroni|pg|pgbouncer|etcd|kubelet)_[a-z0-9_]+)(\{)?")


def monitored(manifests: Sequence[Manifest], settings: Settings) -> list[Manifest]:
    """Nothing where the settings ask for nothing."""
    wanted = settings.kubernetes.monitoring
    if not wanted.enabled:
        return []
    found = without_etcd([copy.deepcopy(one) for one in manifests], settings)
    for manifest in found:
        if manifest["kind"] == "NetworkPolicy":
            _let_in(manifest, wanted.namespace)
        else:
            metadata = manifest["metadata"]
            metadata["labels"] = metadata.get("labels", {}) | dict(wanted.labels)
        if manifest["kind"] == "PrometheusRule":
            _narrow(manifest, settings)
    return found


def narrowed(expression: str, space: str) -> str:
    """The same of one namespace."""
    return _METRIC.sub(lambda found: f'{found[1]}{{namespace="{space}"{"," if found[2] else "}"}', expression)


def _narrow(rules: Manifest, settings: Settings) -> None:
    for group in rules["spec"]["groups"]:
        group["name"] = f"{namespace(settings)}-{group['name']}"
        group["rules"] = list(_kept(group["rules"], settings))


def _kept(rules: Sequence[dict[str, Any]], settings: Settings) -> Iterator[dict[str, Any]]:
    for rule in rules:
        if rule["alert"] not in OF_ZERO_LOSS or settings.durability == "zero-loss":
            yield rule | {"expr": narrowed(rule["expr"], namespace(settings))}


def _let_in(policy: Manifest, whence: str) -> None:
    for way in policy["spec"]["ingress"]:
        way["from"] = [{"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: whence}}}]
