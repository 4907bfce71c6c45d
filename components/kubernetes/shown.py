"""Whether servers that are exposed under a name show a certificate with that name yet."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence

LIMIT = 5.0
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # PostgreSQL's protocol, and PgBouncer's: may we speak TLS?


def unnamed(host: str, ports: Sequence[int], ca: str) -> list[int]:
    """The ports whose certificate is not made out to that name. Who does not answer is no finding: others will tell."""
    context = ssl.create_default_context(cadata=ca)
    return [port for port in ports if _is_unnamed(host, port, context)]


def _is_unnamed(host: str, port: int, context: ssl.SSLContext) -> bool:
    try:
        with contextlib.closing(socket.create_connection((host, port), LIMIT)) as plain:
            plain.sendall(SSL_REQUEST)
            if plain.recv(1) == b"S":
                context.wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLCertVerificationError:
        return True
    except OSError:
        return False
    return False
