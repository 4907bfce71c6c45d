"""Cutting single connections of a child."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from components.supervisor import sockets

pytestmark = pytest.mark.live

CHILD = """
import socket, sys
ends = [socket.create_connection(("127.0.0.1", int(port))) for port in sys.argv[1:]]
print("ready", flush=True)
ends[0].settimeout(10)
print("cut" if ends[0].recv(1) == b"" else "data", flush=True)
ends[1].settimeout(0.3)
try:
    ends[1].recv(1)
    print("cut too", flush=True)
except TimeoutError:
    print("alive", flush=True)
"""


def test_only_the_connections_to_the_given_addresses_are_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stale, socket.create_server(("127.0.0.1", 0)) as good:
        ports = [server.getsockname()[1] for server in (stale, good)]
        command = [sys.executable, "-c", CHILD, *map(str, ports)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            ends = [server.accept()[0] for server in (stale, good)]
            found = sockets.cut(child.pid, sockets.resolve(frozenset({("localhost", ports[0])})))
            assert child.stdout.read().split("\n") == ["cut", "alive", ""]
            for end in ends:
                end.close()
    assert found == 1


def test_a_process_that_is_gone_has_nothing_to_cut() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert sockets.cut(child.pid, frozenset({("127.0.0.1", 1)})) == 0
