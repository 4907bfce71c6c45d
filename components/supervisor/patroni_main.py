"""Starts Patroni with Nagle's delay off on its etcd connections, with names asked for again, with fenced members
fenced, with switchovers told to gateways that have no etcd to see them in (announcing.py), and with the Kubernetes
API's refusals in its own words; run by Patroni's own Python in place of `patroni`.

Patroni 4.1.5 replaces urllib3's socket options by keepalive ones (dcs/etcd3.py, set_socket_options), which drops
TCP_NODELAY. http.client sends a request's head and body in two segments, so each etcd call then waits 40 ms for a
delayed acknowledgement: a leader race has four to six of them.

Patroni keeps the address of a name for 10 minutes (dcs/etcd.py, DnsCachingResolver), for its calls to other members
too, and not even a failed connection makes it ask again. A pod gets another address with each start, so for 10 minutes
after one was replaced the others do not reach it, and neither a switchover nor a failover finds its votes.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

from .announcing import announce


def keep_nodelay(dcs: Any) -> None:
    """Makes connections of this etcd v3 class send at once. A Patroni that has no such method is left as it is."""
    original = getattr(dcs, "set_socket_options", None)
    if original is None:
        return

    def set_socket_options(self: Any, sock: socket.socket, socket_options: Any) -> None:
        original(self, sock, socket_options)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    dcs.set_socket_options = set_socket_options


FRESH_S = 2.0  # so long an address is taken for good; a pod that was replaced needs longer to be ready
PATIENCE_S = 0.5  # a name server that is slow or gone stalls nobody: the address from before is taken


def ask_again(resolver: Any) -> None:
    """Makes this class ask for a name's address anew where its answer is old, and keep the old one while none comes."""
    known = getattr(resolver, "resolve", None)
    if known is None or not hasattr(resolver, "_do_resolve"):
        return
    asked: dict[tuple[str, int], float] = {}

    def ask(self: Any, host: str, port: int) -> None:
        if found := self._do_resolve(host, port):
            self._cache[host, port] = (time.time(), found)

    def resolve(self: Any, host: str, port: int) -> Any:
        now, (at, found) = time.time(), self._cache.get((host, port), (0.0, []))
        if found and now - max(at, asked.get((host, port), 0.0)) > FRESH_S:
            asked[host, port] = now
            asking = threading.Thread(target=ask, args=[self, host, port], daemon=True)
            asking.start()
            asking.join(PATIENCE_S)
        return known(self, host, port)

    resolver.resolve = resolve


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


def explain(refusal: Any) -> None:
    """Gives the Kubernetes API's refusals the words that it sent; Patroni logs their class alone, each second."""

    def told(self: Any) -> str:
        body = self.body.decode(errors="replace") if isinstance(self.body, bytes) else str(self.body or "")
        try:
            body = str(json.loads(body)["message"])
        except (ValueError, KeyError, TypeError):
            body = body[:200]
        return f"{type(self).__name__}({self.status} {self.reason}: {body})"

    refusal.__repr__ = told


def main() -> None:
    from patroni.__main__ import main as patroni  # type: ignore[import-not-found]
    from patroni.api import RestApiHandler  # type: ignore[import-not-found]
    from patroni.config import Config  # type: ignore[import-not-found]
    from patroni.dcs.etcd import DnsCachingResolver  # type: ignore[import-not-found]
    from patroni.dcs.etcd3 import Etcd3  # type: ignore[import-not-found]
    from patroni.dcs.kubernetes import K8sClient, Kubernetes  # type: ignore[import-not-found]

    keep_nodelay(Etcd3)
    announce(Kubernetes, RestApiHandler)  # where etcd is watched, the switchover itself is seen there
    ask_again(DnsCachingResolver)
    explain(K8sClient.rest.ApiException)
    fence(Config)
    patroni()


if __name__ == "__main__":
    main()
