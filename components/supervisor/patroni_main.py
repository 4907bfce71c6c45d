"""Starts Patroni with Nagle's delay off on its etcd connections; run by Patroni's own Python in place of `patroni`.

Patroni 4.1.5 replaces urllib3's socket options by keepalive ones (dcs/etcd3.py, set_socket_options), which drops
TCP_NODELAY. http.client sends a request's head and body in two segments, so each etcd call then waits 40 ms for a
delayed acknowledgement: a leader race has four to six of them.
"""

from __future__ import annotations

import socket
from typing import Any


def keep_nodelay(dcs: Any) -> None:
    """Makes connections of this etcd v3 class send at once. A Patroni that has no such method is left as it is."""
    original = getattr(dcs, "set_socket_options", None)
    if original is None:
        return

    def set_socket_options(self: Any, sock: socket.socket, socket_options: Any) -> None:
        original(self, sock, socket_options)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    dcs.set_socket_options = set_socket_options


def main() -> None:
    from patroni.__main__ import main as patroni  # type: ignore[import-not-found]
    from patroni.dcs.etcd3 import Etcd3  # type: ignore[import-not-found]

    keep_nodelay(Etcd3)
    patroni()


if __name__ == "__main__":
    main()
