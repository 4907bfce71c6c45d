"""The pooler's certificate, from a CA of the stack's own, for the names that clients know the load balancer by.

Amazon's certificate manager signs nothing for a private name without a paid CA, and hands no key of a public one to a
container; so the CA is ours, kept encrypted in the stack's state, and clients are given its certificate.

Whether a certificate is good is read from it by a library that takes longer to load than the rest of a preview's
comparison; so what was found is kept beside it (`judged`) with its time, and asked again when either is over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import pulumi
from pulumi import dynamic

from components.patroni.provider import guarded, plain, say

Props = dict[str, Any]


def present() -> datetime:
    """Now; a name of this module, so that a test can set the clock."""
    return datetime.now(UTC)


class PoolerCertificateProvider(dynamic.ResourceProvider):
    """Makes the CA once, signs anew when a name is missing or two thirds of the 90 days are over."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption

    def create(self, props: Props) -> dynamic.CreateResult:
        return dynamic.CreateResult(id_=str(props["name"]), outs=guarded(lambda: _signed({}, props)))

    def update(self, _id: str, _olds: Props, _news: Props) -> dynamic.UpdateResult:
        return dynamic.UpdateResult(outs=guarded(lambda: _signed(_olds, _news)))

    def diff(self, _id: str, _olds: Props, _news: Props) -> dynamic.DiffResult:
        if _known_good(_olds, _news):
            return dynamic.DiffResult(changes=False)
        why = guarded(lambda: _authority_flaw(_olds, _news) or _flaw(_olds, _news))
        if why:
            say([f"the pooler's certificate {why}; tasks are replaced one by one, clients reconnect"], "comparing")
        return dynamic.DiffResult(changes=bool(why))

    def delete(self, _id: str, _props: Props) -> None:
        """Nothing lies anywhere but in the state."""


def _signed(olds: Props, news: Props) -> Props:
    from components.patroni import authority

    if _authority_flaw(olds, news):
        signer = authority.new_authority(f"{news['name']} pooler CA", present())
    else:
        signer = authority.Pair(certificate=plain(olds["ca"]).encode(), key=plain(olds["ca_key"]).encode())
    leaf = authority.issue(signer, str(news["name"]), present(), [plain(host) for host in news["hosts"]])
    made = {"ca": signer.certificate, "ca_key": signer.key, "certificate": leaf.certificate, "key": leaf.key}
    outs = {**news, **{name: text.decode() for name, text in made.items()}}
    good = (present(), min(authority.renewal(leaf.certificate), authority.renewal(signer.certificate)))
    return {**outs, "judged": json.dumps([_digest(outs, news), *(int(one.timestamp()) for one in good)])}


def _digest(olds: Props, news: Props) -> str:
    """Of all that the judgement rests on, but for the time."""
    parts = [plain(olds.get("certificate")), plain(olds.get("ca")), str(news["name"])]
    return hashlib.sha256(json.dumps([*parts, *map(plain, news["hosts"])]).encode()).hexdigest()


def _known_good(olds: Props, news: Props) -> bool:
    """Was exactly this certificate found good for exactly these names, and is it not yet time to renew?"""
    judged = plain(olds.get("judged"))
    if not judged:
        return False
    digest, since, until = json.loads(judged)
    return bool(digest == _digest(olds, news) and since <= present().timestamp() < until)


def _authority_flaw(olds: Props, _news: Props) -> str | None:
    from components.patroni.authority import flaw, subject

    have = plain(olds.get("ca")).encode()
    why = flaw(have, have, subject(have), present()) if have else "is missing"
    return f"gets a new CA, which clients have to be given: the old one {why}" if why else None


def _flaw(olds: Props, news: Props) -> str | None:
    from components.patroni.authority import flaw

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
        props |= {"certificate": None, "key": None, "ca": None, "ca_key": None, "judged": None}
        super().__init__(PoolerCertificateProvider(), name, props, pulumi.ResourceOptions.merge(opts, hidden))
