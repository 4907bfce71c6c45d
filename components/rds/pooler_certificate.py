"""The pooler's certificate, from a CA of the stack's own, for the names that clients know the load balancer by.

Amazon's certificate manager signs nothing for a private name without a paid CA, and hands no key of a public one to a
container; so the CA is ours, kept encrypted in the stack's state, and clients are given its certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pulumi
from pulumi import dynamic

from components.patroni.authority import Pair, flaw, issue, new_authority, present, subject
from components.patroni.provider import guarded, plain, say

Props = dict[str, Any]


class PoolerCertificateProvider(dynamic.ResourceProvider):
    """Makes the CA once, signs anew when a name is missing or two thirds of the 90 days are over."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption

    def create(self, props: Props) -> dynamic.CreateResult:
        return dynamic.CreateResult(id_=str(props["name"]), outs=guarded(lambda: _signed({}, props)))

    def update(self, _id: str, _olds: Props, _news: Props) -> dynamic.UpdateResult:
        return dynamic.UpdateResult(outs=guarded(lambda: _signed(_olds, _news)))

    def diff(self, _id: str, _olds: Props, _news: Props) -> dynamic.DiffResult:
        why = guarded(lambda: _authority_flaw(_olds, _news) or _flaw(_olds, _news))
        if why:
            say([f"the pooler's certificate {why}; tasks are replaced one by one, clients reconnect"], "comparing")
        return dynamic.DiffResult(changes=bool(why))

    def delete(self, _id: str, _props: Props) -> None:
        """Nothing lies anywhere but in the state."""


def _signed(olds: Props, news: Props) -> Props:
    if _authority_flaw(olds, news):
        authority = new_authority(f"{news['name']} pooler CA", present())
    else:
        authority = Pair(certificate=plain(olds["ca"]).encode(), key=plain(olds["ca_key"]).encode())
    leaf = issue(authority, str(news["name"]), present(), [plain(host) for host in news["hosts"]])
    made = {"ca": authority.certificate, "ca_key": authority.key, "certificate": leaf.certificate, "key": leaf.key}
    return {**news, **{name: text.decode() for name, text in made.items()}}


def _authority_flaw(olds: Props, _news: Props) -> str | None:
    have = plain(olds.get("ca")).encode()
    why = flaw(have, have, subject(have), present()) if have else "is missing"
    return f"gets a new CA, which clients have to be given: the old one {why}" if why else None


def _flaw(olds: Props, news: Props) -> str | None:
    hosts = [plain(host) for host in news["hosts"]]
    if "" in hosts:
        return "is made out anew once the load balancer's name is known"
    have = plain(olds.get("certificate")).encode() or None
    return flaw(have, plain(olds["ca"]).encode(), str(news["name"]), present(), hosts)


class PoolerCertificate(dynamic.Resource, module="rds", name="PoolerCertificate"):
    """`certificate` and `ca` are public; `key` and `ca_key` are secrets. A CA lives 10 years, a certificate 90 days."""

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]
    ca: pulumi.Output[str]

    def __init__(
        self, name: str, subject_name: str, hosts: Sequence[pulumi.Input[str]], opts: pulumi.ResourceOptions
    ) -> None:
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["key", "ca_key"])
        props: Props = {"name": subject_name, "hosts": list(hosts)}
        props |= {"certificate": None, "key": None, "ca": None, "ca_key": None}
        super().__init__(PoolerCertificateProvider(), name, props, pulumi.ResourceOptions.merge(opts, hidden))
