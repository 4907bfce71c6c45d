"""The platform's own CA and its certificates as two resources. Keys lie encrypted in the stack's state, and in Secrets.

Replication, rewind, the poolers, Patroni's REST interface, etcd and the administrator all log in by certificate, so
these two resources are all the passwords that the platform's own parts have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi import dynamic

from components.engine import tell
from components.kubernetes.leaf import Leaf
from components.patroni.authority import Pair, flaw, issue, new_authority, present, subject
from components.patroni.failure import ClusterError
from components.patroni.provider import guarded, plain

Props = dict[str, Any]


class _Quiet(dynamic.ResourceProvider):
    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # holds nothing, so needs no encryption

    def delete(self, _id: str, _props: Props) -> None:
        """Nothing lies anywhere but in the state and in Secrets, which are resources of their own."""


class AuthorityProvider(_Quiet):
    """Makes a CA, or takes the one that the stack brings."""

    def create(self, props: Props) -> dynamic.CreateResult:
        return dynamic.CreateResult(id_=str(props["name"]), outs=guarded(lambda: _authority(props)))

    def update(self, _id: str, _olds: Props, _news: Props) -> dynamic.UpdateResult:
        return dynamic.UpdateResult(outs=guarded(lambda: _authority(_news)))

    def diff(self, _id: str, _olds: Props, _news: Props) -> dynamic.DiffResult:
        why = guarded(lambda: _authority_flaw(_olds, _news))
        if why:
            tell([f"certificate authority: {why}; every certificate is signed anew, without a restart"])
        return dynamic.DiffResult(changes=bool(why))


def _authority(props: Props) -> Props:
    given = _pem(props.get("given_certificate")), _pem(props.get("given_key"))
    pair = (
        Pair(certificate=given[0].encode(), key=given[1].encode())
        if given[0] and given[1]
        else new_authority(str(props["name"]), present())
    )
    try:
        issue(pair, "trial", present())
    except ValueError as error:
        raise ClusterError(
            f"kubernetes.certificates: the given CA cannot sign: {error}; allowed is a PEM certificate and its EC key"
        ) from None
    return {**props, "certificate": pair.certificate.decode(), "key": pair.key.decode()}


def _pem(value: Any) -> str:
    """As files of that kind end; `pulumi config set` takes the last line's end away."""
    text = plain(value).strip()
    return f"{text}\n" if text else ""


def _authority_flaw(olds: Props, news: Props) -> str | None:
    given = _pem(news.get("given_certificate"))
    have = str(olds.get("certificate") or "")
    if given:
        return None if given == have else "another one is given"
    if plain(olds.get("given_certificate")):
        return "a new one takes the place of the one that was given"
    return flaw(have.encode(), have.encode(), subject(have.encode()), present()) if have else "is missing"


class CertificatesProvider(_Quiet):
    """Signs what is missing or due; what is good stays as it is, so nobody is reloaded for nothing."""

    def create(self, props: Props) -> dynamic.CreateResult:
        return dynamic.CreateResult(id_="certificates", outs=guarded(lambda: _signed(props, {})))

    def update(self, _id: str, _olds: Props, _news: Props) -> dynamic.UpdateResult:
        tell(_told(guarded(lambda: _due(_news, _olds))))
        return dynamic.UpdateResult(outs=guarded(lambda: _signed(_news, _olds)))

    def diff(self, _id: str, _olds: Props, _news: Props) -> dynamic.DiffResult:
        due = guarded(lambda: _due(_news, _olds))
        tell(_told(due))
        return dynamic.DiffResult(changes=bool(due) or set(_kept(_olds)) != set(_wanted(_news)))


def _wanted(props: Props) -> dict[str, Leaf]:
    plain: list[dict[str, Any]] = json.loads(props["leaves"])
    return {one["secret"]: Leaf(secret=one["secret"], name=one["name"], hosts=tuple(one["hosts"])) for one in plain}


def _kept(props: Props) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(plain(props.get("pairs")) or "{}")
    return found


def _due(news: Props, olds: Props) -> dict[str, str]:
    """Which certificates have to be signed, and why."""
    authority, have = plain(news["authority_certificate"]), _kept(olds)
    if not authority:
        return {"all": "follow a certificate authority that is yet to be made"}
    found = {}
    for name, leaf in _wanted(news).items():
        now = have[name]["certificate"].encode() if name in have else None
        if why := flaw(now, authority.encode(), leaf.name, present(), leaf.hosts):
            found[name] = why
    return found


def _told(due: Mapping[str, str]) -> list[str]:
    return [f"certificate {name} {why}; taken over by a reload" for name, why in due.items()]


def _signed(news: Props, olds: Props) -> Props:
    authority = Pair(
        certificate=plain(news["authority_certificate"]).encode(), key=plain(news["authority_key"]).encode()
    )
    have, due, pairs = _kept(olds), _due(news, olds), {}
    for name, leaf in _wanted(news).items():
        if name in due:
            made = issue(authority, leaf.name, present(), leaf.hosts)
            pairs[name] = {"certificate": made.certificate.decode(), "key": made.key.decode()}
        else:
            pairs[name] = have[name]
    return {**news, "pairs": json.dumps(pairs, sort_keys=True)}
