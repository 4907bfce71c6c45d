"""The few calls of etcd's v3 JSON gateway that supervisors need, over TLS, each within a limit."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .configuration import Access, Etcd
from .store import StoreError


class EtcdError(StoreError):
    """No endpoint answered, or one refused; the message names each endpoint and what it said."""


@dataclass(frozen=True)
class Key:
    """One key as etcd holds it; `lease` is 0 when none is attached, `revision` that of its last change."""

    name: str
    value: str
    lease: int
    revision: int


@dataclass(frozen=True)
class Snapshot:
    """Some keys by name, as they were at one revision of the whole store."""

    revision: int
    keys: dict[str, Key]


def tls(access: Access) -> ssl.SSLContext:
    """Verifies the server's name and shows our certificate."""
    context = ssl.create_default_context(cafile=access.ca)
    context.load_cert_chain(access.cert, access.key)
    return context


def connect(url: str, context: ssl.SSLContext, timeout: float) -> http.client.HTTPSConnection:
    """An open connection without Nagle's delay (http.client sends head and body apart: 40 ms each), with keepalive."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=context)
    connection.connect()
    for level, option, value in (
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    ):
        connection.sock.setsockopt(level, option, value)
    return connection


def post(connection: http.client.HTTPSConnection, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """One call; raises EtcdError when etcd refuses it, OSError or HTTPException when it cannot be reached."""
    connection.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    response = connection.getresponse()
    text = response.read()
    if response.status != 200:
        raise EtcdError(f"{path}: status {response.status}: {text[:200].decode(errors='replace').strip()}")
    answer: dict[str, Any] = json.loads(text)
    return answer


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def to_key(plain: dict[str, Any]) -> Key:
    """A key as the gateway writes it: base64, and integers as strings; an absent field is zero."""
    name = base64.b64decode(plain["key"]).decode(errors="replace")
    value = base64.b64decode(plain.get("value", "")).decode(errors="replace")
    return Key(name, value, int(plain.get("lease", 0)), int(plain.get("mod_revision", 0)))


def prefix_end(prefix: str) -> str:
    """The end of the range that holds each key with this (ASCII) prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def read_range(connection: http.client.HTTPSConnection, start: str, end: str) -> Snapshot:
    """All keys from `start` to before `end`, agreed by a majority."""
    answer = post(connection, "/v3/kv/range", {"key": encode(start), "range_end": encode(end)})
    keys = [to_key(plain) for plain in answer.get("kvs", [])]
    return Snapshot(int(answer["header"]["revision"]), {key.name: key for key in keys})


def watch(
    connection: http.client.HTTPSConnection, start: str, end: str, revision: int
) -> Iterator[list[tuple[bool, Key]]]:
    """Each change of the range from `revision` on, as (was deleted, key); ends when etcd ends the stream.

    The connection's timeout is the longest silence; TimeoutError is then raised.
    """
    request = {"key": encode(start), "range_end": encode(end), "start_revision": str(revision)}
    body = json.dumps({"create_request": request}).encode()
    connection.request("POST", "/v3/watch", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    # The gateway writes one JSON object a line.
    while line := response.readline():
        message = json.loads(line)
        result = message.get("result", {})
        if "error" in message or result.get("canceled"):
            raise EtcdError(f"watch was refused: {line[:200].decode(errors='replace').strip()}")
        yield [(event.get("type") == "DELETE", to_key(event["kv"])) for event in result.get("events", [])]


class Client:
    """Calls whichever endpoint answers first in order; the one that did is asked first the next time."""

    def __init__(self, etcd: Etcd) -> None:
        self._endpoints = list(etcd.endpoints)
        self._etcd = etcd

    def call(self, path: str, body: dict[str, Any], *, limit: float, each: float = 1.0) -> dict[str, Any]:
        """Asks one endpoint after the other, round and round, until one answers or `limit` seconds have passed.

        Only for calls that may be repeated without harm.
        """
        deadline = time.monotonic() + limit
        context = tls(self._etcd)  # for each call, because certificates are renewed while we live
        said: dict[str, str] = {}
        while (left := deadline - time.monotonic()) > 0:
            endpoint = self._endpoints[0]
            try:
                return self._ask(endpoint, context, path, body, min(each, left))
            except (OSError, http.client.HTTPException, ValueError, EtcdError) as error:
                said[endpoint] = f"{type(error).__name__}: {error}"
                if isinstance(error, EtcdError) and "requested lease not found" in str(error):
                    raise
            self._endpoints.append(self._endpoints.pop(0))
            if self._endpoints[0] in said:
                time.sleep(0.05)
        raise EtcdError(f"no etcd answered {path} in {limit:g} s: {said}")

    def snapshot(self, prefix: str, *, limit: float) -> Snapshot:
        """All keys with this prefix."""
        body = {"key": encode(prefix), "range_end": encode(prefix_end(prefix))}
        answer = self.call("/v3/kv/range", body, limit=limit)
        keys = [to_key(plain) for plain in answer.get("kvs", [])]
        return Snapshot(int(answer["header"]["revision"]), {key.name: key for key in keys})

    def revoke(self, lease: int, *, limit: float) -> bool:
        """Ends a lease, and with it each key it holds; False when there is no such lease any more."""
        try:
            self.call("/v3/lease/revoke", {"ID": str(lease)}, limit=limit)
        except EtcdError as error:
            if "requested lease not found" not in str(error):
                raise
            return False
        return True

    def ask_one(self, endpoint: str, path: str, body: dict[str, Any], limit: float) -> dict[str, Any]:
        """One call to this endpoint alone; raises OSError, HTTPException or EtcdError."""
        return self._ask(endpoint, tls(self._etcd), path, body, limit)

    @staticmethod
    def _ask(endpoint: str, context: ssl.SSLContext, path: str, body: dict[str, Any], timeout: float) -> dict[str, Any]:
        with contextlib.closing(connect(endpoint, context, timeout)) as connection:
            return post(connection, path, body)
