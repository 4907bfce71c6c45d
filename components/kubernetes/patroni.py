"""Patroni's REST interface of members in pods, each by a way of its own, with the administrator's certificate."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from components.contract import Endpoint, Route
from components.kubernetes.early import REST
from components.patroni.rest import Member, Patroni
from components.reach import identity_files, open_route


class _Named(http.client.HTTPSConnection):
    """A connection to a tunnel's end on this machine that verifies the name of the server at its other end."""

    def __init__(self, name: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(name, timeout=timeout, context=context)
        self._name, self._at, self._context_used = name, ("127.0.0.1", port), context

    def connect(self) -> None:
        plain = socket.create_connection(self._at, self.timeout)
        self.sock = self._context_used.wrap_socket(plain, server_hostname=self._name)


class RoutedPatroni(Patroni):
    """`members` maps names to {"host"}: the name that the member's certificate carries."""

    def __init__(self, members: Mapping[str, Member], route: Route, context: ssl.SSLContext) -> None:
        super().__init__(members, {})
        self._route, self._context = route, context

    def _connection(self, at: Member, timeout: float) -> http.client.HTTPConnection:
        endpoint = Endpoint(host=at["host"], port=REST)
        with open_route(self._route, endpoint) as way:
            port = int(way.words()["port"])
        return _Named(at["host"], port, timeout, self._context)


@contextmanager
def routed(spec: Mapping[str, Any], identity: Mapping[str, str]) -> Iterator[RoutedPatroni]:
    """The members of a spec, for as long as the block runs."""
    route = Route(**spec["route"])
    with identity_files(identity) as files:
        context = ssl.create_default_context(cafile=files["sslrootcert"])
        context.load_cert_chain(files["sslcert"], files["sslkey"])
        # Held over the whole block, so that calls share a way.
        with open_route(route, Endpoint(host=next(iter(spec["members"].values()))["host"], port=REST)):
            yield RoutedPatroni(spec["members"], route, context)
