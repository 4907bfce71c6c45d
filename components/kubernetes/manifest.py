"""A manifest as a Pulumi resource of the kubernetes provider.

The classes of pulumi_kubernetes are not used: importing them takes 0.3 s of every preview, and what they would check
has been checked by the schema tests of `k8s/`. Their package stays a requirement, since it brings the provider plugin.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pulumi

from components.kubernetes.manifests import Manifest
from components.kubernetes.names import kubeconfig
from components.settings.model import Settings

OPTIONS = {
    "enableServerSideApply": "true",
    # Fixed names, so a replacement would have to remove the old one first, under running pods: changed in place.
    "enableConfigMapMutable": "true",
    "enableSecretMutable": "true",
    # What was edited by hand is put right, and what an interrupted run made is taken over.
    "enablePatchForce": "true",
    "upsertExistingObjects": "true",
}
SECRETS = ("data", "stringData")


@cache
def plugin_version() -> str | None:
    """The provider plugin that goes with the installed package."""
    try:
        return version("pulumi-kubernetes")
    except PackageNotFoundError:
        return None


class Cluster(pulumi.ProviderResource):
    """The Kubernetes cluster: which kubeconfig, which context."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        given = settings.kubernetes
        # Another path to the same kubeconfig is no other cluster; another context is.
        where = {
            "kubeconfig": kubeconfig(settings),
            "context": given.context,
            "clusterIdentifier": given.context or "current context",
        }
        props = OPTIONS | {key: value for key, value in where.items() if value}
        super().__init__(
            "kubernetes",
            name,
            props,
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(version=plugin_version())),
        )


class Object(pulumi.CustomResource):
    """One object of Kubernetes. `secret` are parts that only Pulumi's outputs carry: they join the manifest."""

    def __init__(
        self,
        name: str,
        manifest: Manifest,
        opts: pulumi.ResourceOptions,
        secret: Mapping[str, pulumi.Input[Any]] | None = None,
    ) -> None:
        own = pulumi.ResourceOptions(version=plugin_version())
        if manifest["kind"] == "Secret":
            own = pulumi.ResourceOptions(version=plugin_version(), additional_secret_outputs=list(SECRETS))
        self.manifest = manifest
        props = {**manifest, **(secret or {})}
        super().__init__(token(manifest), name, props, pulumi.ResourceOptions.merge(opts, own))


class Found(pulumi.CustomResource):
    """An object that somebody else makes, read and never changed. `data` is that of a Secret."""

    data: pulumi.Output[Mapping[str, str]]

    def __init__(
        self, name: str, version_: str, kind: str, where: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        own = pulumi.ResourceOptions(id=where, version=plugin_version(), additional_secret_outputs=list(SECRETS))
        empty = {"apiVersion": version_, "kind": kind}
        super().__init__(token(empty), name, {"data": None}, pulumi.ResourceOptions.merge(opts, own))


def token(manifest: Manifest) -> str:
    """`kubernetes:apps/v1:StatefulSet`; `core` stands for the group without a name."""
    group = manifest["apiVersion"] if "/" in manifest["apiVersion"] else f"core/{manifest['apiVersion']}"
    return f"kubernetes:{group}:{manifest['kind']}"
