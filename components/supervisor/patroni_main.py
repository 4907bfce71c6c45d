"""Starts Patroni with Nagle's delay off on its etcd connections, and fenced members fenced; run by Patroni's own Python
in place of `patroni`.

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


FENCED = {"nofailover": True, "noloadbalance": True, "nosync": True, "clonefrom": False}


def fence(config: Any) -> None:
    """Gives the members that the file lists under `fenced` the tags of one that neither leads, nor serves, nor counts.

    All members share one file, and tags are each member's own. Read again at each reload, as the rest of the file is.
    """
    original = config._load_config_file

    def load_config_file(self: Any) -> Any:
        found = original(self)
        if found.get("name") in (found.get("fenced") or ()):
            found["tags"] = {**found.get("tags", {}), **FENCED}
        return found

    config._load_config_file = load_config_file


def main() -> None:
    from patroni.__main__ import main as patroni  # type: ignore[import-not-found]
    from patroni.config import Config  # type: ignore[import-not-found]
    from patroni.dcs.etcd3 import Etcd3  # type: ignore[import-not-found]

    keep_nodelay(Etcd3)
    fence(Config)
    patroni()


if __name__ == "__main__":
    main()
