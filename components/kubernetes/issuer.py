"""cert-manager's Issuer that a stack names: what is asked of the cluster, and what is wrong with it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from components.kubernetes.kubectl import ABSENT, FORBIDDEN, Answer
from components.kubernetes.names import namespace
from components.settings.finding import Finding
from components.settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """What the cluster said of it. `trouble`: why it signs nothing, in cert-manager's words; "" when it does."""

    known: bool = True
    there: bool = True
    trouble: str = ""


def question(settings: Settings) -> tuple[str, ...] | None:
    """kubectl's words; None where nobody but us signs."""
    given = settings.kubernetes.certificates
    if given.issuer != "cert-manager" or not given.issuer_name:
        return None
    kind = f"{given.issuer_kind.lower()}s.cert-manager.io"
    return ("get", kind, given.issuer_name, "--output=json")


def told(answer: Answer) -> Issuer | None:
    """None for what one may not look at."""
    status, output, complaint = answer
    if status != 0:
        if FORBIDDEN in complaint:
            return None
        return Issuer(there=False) if ABSENT in complaint else Issuer(known=False)
    conditions = json.loads(output).get("status", {}).get("conditions", ())
    ready = next((one for one in conditions if one["type"] == "Ready"), None)
    if ready is None:
        return Issuer(trouble="nobody has looked at it: does cert-manager run?")
    return Issuer(trouble="" if ready["status"] == "True" else str(ready.get("message") or ready.get("reason")))


def issuer_findings(settings: Settings, found: Issuer | None) -> Iterator[Finding]:
    """Before anything waits for certificates that nobody signs."""
    if found is None:
        return
    given, path = settings.kubernetes.certificates, ("kubernetes", "certificates")
    if not found.known:
        yield Finding(
            (*path, "issuer"),
            "found cert-manager, which this cluster does not have; install it, or set issuer to own",
        )
    elif not found.there:
        where = f" in namespace {namespace(settings)}" if given.issuer_kind == "Issuer" else ""
        yield Finding(
            (*path, "issuer_name"),
            f"there is no {given.issuer_kind} {given.issuer_name}{where}; make it first, or name another one",
        )
    elif found.trouble:
        yield Finding(
            (*path, "issuer_name"),
            f"{given.issuer_kind} {given.issuer_name} is not ready, so nobody would sign: {found.trouble}",
        )
