"""Asks a member whether it is the primary, really."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl

from .configuration import Address
from .etcd import connect


def is_primary(at: Address, context: ssl.SSLContext, *, timeout: float = 1.0) -> bool:
    """True when `/primary` says 200 and the server itself says it is out of recovery.

    The status alone is 200 from the moment the lock is taken, a second or two before the promotion ends: clients sent
    there by then would meet a read-only server. The body's role is asked of PostgreSQL itself.
    """
    try:
        with contextlib.closing(connect(f"https://{at.host}:{at.rest_port}", context, timeout)) as connection:
            connection.request("GET", "/primary")
            response = connection.getresponse()
            body = response.read()
        return response.status == 200 and json.loads(body).get("role") in ("primary", "master")
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return False
