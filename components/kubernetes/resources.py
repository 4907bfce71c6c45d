"""The dynamic resources of this platform, declared; `certificates`, `volumes` and `configuration` make them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi import dynamic

from components.deferred import Deferred
from components.kubernetes.leaf import Leaf

AUTHORITY = "components.kubernetes.certificates:AuthorityProvider"
CERTIFICATES = "components.kubernetes.certificates:CertificatesProvider"
VOLUMES = "components.kubernetes.volumes:VolumesProvider"
CONFIGURATION = "components.kubernetes.configuration:ConfigurationProvider"
WAYS = "components.kubernetes.early:ways"
IDENTITY = ("certificate", "key", "ca")  # the administrator's

Props = dict[str, Any]


class Authority(dynamic.Resource, module="kubernetes", name="Authority"):
    """A CA of 10 years. `certificate` is public, `key` is a secret. `given` is the one that a stack brings."""

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]

    def __init__(
        self, name: str, subject_name: str, given: tuple[str, str] | None, opts: pulumi.ResourceOptions
    ) -> None:
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["key", "given_key"])
        props: Props = {"name": subject_name, "certificate": None, "key": None}
        if given:
            props |= {"given_certificate": given[0], "given_key": pulumi.Output.secret(given[1])}
        super().__init__(Deferred(AUTHORITY), name, props, pulumi.ResourceOptions.merge(opts, hidden))


class Certificates(dynamic.Resource, module="kubernetes", name="Certificates"):
    """Every certificate of the cluster: 90 days, renewed at two thirds of it by the next `up`. `pairs` is a secret."""

    pairs: pulumi.Output[str]

    def __init__(self, name: str, authority: Authority, wanted: Sequence[Leaf], opts: pulumi.ResourceOptions) -> None:
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["pairs", "authority_key"])
        plain = [{"secret": leaf.secret, "name": leaf.name, "hosts": list(leaf.hosts)} for leaf in wanted]
        props = {
            "leaves": json.dumps(plain, sort_keys=True),
            "authority_certificate": authority.certificate,
            "authority_key": authority.key,
            "pairs": None,
        }
        super().__init__(Deferred(CERTIFICATES), name, props, pulumi.ResourceOptions.merge(opts, hidden))

    def of(self, secret: str) -> pulumi.Output[dict[str, str]]:
        """`certificate` and `key` of one of them."""
        return self.pairs.apply(lambda text: dict(json.loads(text)[secret]))


class Volumes(dynamic.Resource, module="kubernetes", name="Volumes"):
    """The size of each volume."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(self, name: str, spec: Props, opts: pulumi.ResourceOptions) -> None:
        super().__init__(Deferred(VOLUMES), name, {"spec": json.dumps(spec, sort_keys=True), "drift": None}, opts)


class Configuration(dynamic.Resource, module="kubernetes", name="Configuration"):
    """Patroni's shared configuration and PostgreSQL's parameters; what needs a restart gets a rolling one."""

    spec: pulumi.Output[str]
    drift: pulumi.Output[Any]

    def __init__(
        self,
        name: str,
        spec: Props,
        identity: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        hidden = pulumi.ResourceOptions(additional_secret_outputs=list(IDENTITY))
        props = {"spec": json.dumps(spec, sort_keys=True), "drift": None, **{one: identity[one] for one in IDENTITY}}
        super().__init__(Deferred(CONFIGURATION, WAYS), name, props, pulumi.ResourceOptions.merge(opts, hidden))
