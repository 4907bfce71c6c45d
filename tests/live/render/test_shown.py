"""Whether a server's certificate has a name yet, asked of a real PostgreSQL and of a port where nobody is."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from components.kubernetes.shown import unnamed
from tests.live.render.servers import running, stage
from tests.ports import free_port

pytestmark = pytest.mark.live


ELSEWHERE = "db.example.org"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name leads to this machine, as somebody's name server would have it."""
    ask = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *more: ask("127.0.0.1" if host == ELSEWHERE else host, *more)
    )


def test_a_name_that_the_certificate_lacks_is_told_by_its_port(elsewhere: None) -> None:
    with stage() as one:
        one.make_server()
        ca = Path(one.sites.ca).read_text(encoding="utf-8")
        with running(*one.postgres(), what="PostgreSQL", port=one.member.port):
            assert unnamed("localhost", [one.member.port], ca) == []
            assert unnamed(ELSEWHERE, [one.member.port], ca) == [one.member.port]
            assert unnamed(ELSEWHERE, [free_port()], ca) == []
