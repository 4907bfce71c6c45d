"""A server whose names are known only when it is made: what previews look at before, and when the names change."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from pulumi.runtime import rpc

from components.access import given
from components.contract import Credentials, Endpoint, Server

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:main-admin"
HERE = Endpoint(host="main.rds.amazonaws.com", port=5432)
MADE = Server(
    writer=HERE,
    reader=HERE,
    pooled=HERE,
    pooled_reader=HERE,
    admin=Credentials(user="boss", secret=SECRET),
    ca="/etc/postgres-platform/rds-bundle.pem",
    major=17,
    pooled_ca="/etc/postgres-platform/pooler-ca.pem",
    authorities="https://example.com/bundle.pem",
    pooled_lifetime=1800,
)
NOWHERE = Endpoint(host="", port=5432)
PLANNED = dataclasses.replace(MADE, writer=NOWHERE, reader=NOWHERE, pooled=NOWHERE, pooled_reader=NOWHERE)


def props(server: Server | None, writer: str = rpc.UNKNOWN) -> dict[str, Any]:
    text = rpc.UNKNOWN if server is None else json.dumps(server.to_dict())
    return {"server": text, "planned": json.dumps(PLANNED.to_dict()), "writer": writer}


def test_before_it_is_made_what_is_planned_stands_for_it_and_nobody_is_asked() -> None:
    assert given.server(props(None)) == PLANNED
    assert given.identity(props(None)) == {}


def test_once_it_is_there_it_travels_whole() -> None:
    found = props(MADE, HERE.host)
    assert given.server(found) == MADE
    assert given.identity(found) is None


def test_while_another_name_is_coming_the_same_writer_is_asked() -> None:
    before, after = props(MADE, HERE.host), props(None, HERE.host)
    assert given.server(given.settled(before, after)) == MADE


@pytest.mark.parametrize("writer", ["other.rds.amazonaws.com", rpc.UNKNOWN])
def test_another_writer_is_another_server(writer: str) -> None:
    after = props(None, writer)
    assert given.settled(props(MADE, HERE.host), after) == after


def test_a_server_that_is_known_is_never_taken_for_the_old_one() -> None:
    after = props(dataclasses.replace(MADE, major=18), HERE.host)
    assert given.settled(props(MADE, HERE.host), after) == after


def test_a_state_of_before_is_still_read() -> None:
    plain = MADE.to_dict()
    for name in ("pooled_ca", "authorities", "pooled_lifetime"):
        del plain[name]
    plain["admin"] = {"user": "boss", "certificate": None, "key": None, "password_variable": None}
    assert Server.from_dict(plain).admin == Credentials(user="boss")
