"""Runs in a pod: carries TCP connections to the platform's Services, as an application there would open them.

    python3 relay.py LISTEN=HOST:PORT ...

Between the tests on this machine and the cluster lies `kubectl port-forward`, which gives all its connections up when
the far end of one resets it, as PgBouncer does at the end of a TLS session. This end never resets one: it reads what is
left until its client closes.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading

CHUNK = 65536
LAST_WORDS_S = 10.0


def carry(source: socket.socket, target: socket.socket) -> None:
    """Until the source has said all; then the target is told."""
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def serve(client: socket.socket, host: str, port: int) -> None:
    with client, contextlib.ExitStack() as held:
        try:
            server = held.enter_context(socket.create_connection((host, port), timeout=30))
            server.settimeout(None)
        except OSError:
            drain(client)
            return
        back = threading.Thread(target=carry, args=[server, client], daemon=True)
        back.start()
        carry(client, server)
        back.join(LAST_WORDS_S)
        drain(client)


def drain(client: socket.socket) -> None:
    """Reads to the end: a socket that is closed with unread data is a reset."""
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_WR)
        client.settimeout(LAST_WORDS_S)
        while client.recv(CHUNK):
            pass


def listen(port: int, host: str, to: int) -> None:
    with socket.create_server(("0.0.0.0", port), backlog=64) as door:  # noqa: S104
        while True:
            client, _ = door.accept()
            threading.Thread(target=serve, args=[client, host, to], daemon=True).start()


def main(routes: list[str]) -> None:
    threads = []
    for route in routes:
        door, _, target = route.partition("=")
        host, _, port = target.rpartition(":")
        threads.append(threading.Thread(target=listen, args=[int(door), host, int(port)]))
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(sys.argv[1:])
