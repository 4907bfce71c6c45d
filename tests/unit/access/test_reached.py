"""A server whose way is not there yet is as good as no server: previews then plan against an empty one."""

from __future__ import annotations

import dataclasses

import pytest

from components.access import failures
from components.access.session import NoRouteError, reached
from components.contract import Credentials, Endpoint, Route, Server

HERE = Endpoint(host="pg-rw.postgres-main.svc", port=5432)
SERVER = Server(
    writer=HERE,
    reader=HERE,
    pooled=HERE,
    pooled_reader=HERE,
    admin=Credentials(user="postgres"),
    ca="/etc/postgres-platform/ca.crt",
    major=17,
    route=Route(kind="port-forward", namespace="postgres-main"),
)


def test_nobody_is_asked_while_the_administrator_s_certificate_is_yet_to_be_made() -> None:
    with reached(SERVER, {}) as target, pytest.raises(NoRouteError, match="yet to be made") as raised:
        target.open()

    assert failures.unreachable(raised.value)
    assert failures.passes(raised.value)


def test_a_server_travels_with_its_route() -> None:
    pods = dataclasses.replace(SERVER, pods=SERVER.route, consoles=(HERE,))

    assert Server.from_dict(SERVER.to_dict()) == SERVER
    assert Server.from_dict(pods.to_dict()) == pods
