"""Asks a member whether it is the primary, really."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from dataclasses import dataclass

from .configuration import Address
from .etcd import connect


@dataclass(frozen=True)
class Said:
    """What a member answered to `/primary`. `handing_over` names the leader that was asked to give way, as far as this
    member knows (announcing.py tells it).
    """

    primary: bool
    timeline: int = 0
    handing_over: str = ""


def said(status: int, body: bytes) -> Said:
    """Primary when the status is 200 and the server itself says it is out of recovery.

    The status alone is 200 from the moment the lock is taken, a second or two before the promotion ends: clients sent
    there by then would meet a read-only server. The body's role is asked of PostgreSQL itself. Raises ValueError.
    """
    plain = json.loads(body)
    if not isinstance(plain, dict):
        raise ValueError("not an object")
    timeline = plain.get("timeline")
    return Said(
        primary=status == 200 and plain.get("role") in ("primary", "master"),
        timeline=timeline if isinstance(timeline, int) else 0,
        handing_over=str(plain.get("handing_over") or ""),
    )


def ask(at: Address, context: ssl.SSLContext, *, timeout: float = 1.0) -> Said | None:
    """The member's answer; None while it gives none."""
    try:
        with contextlib.closing(connect(f"https://{at.host}:{at.rest_port}", context, timeout)) as connection:
            connection.request("GET", "/primary")
            response = connection.getresponse()
            return said(response.status, response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None


def is_primary(at: Address, context: ssl.SSLContext, *, timeout: float = 1.0) -> bool:
    """Whether it answers, and says so."""
    answer = ask(at, context, timeout=timeout)
    return answer is not None and answer.primary
