"""Stand-ins for two members under a gateway: a REST API over TLS, and a port that says its name to who connects."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Member:
    """Answers GET /primary as Patroni does; `status`, `role` and `told` are what it says."""

    def __init__(self, name: str, certificate: str, key: str) -> None:
        self.name = name
        self.status, self.role = 503, "replica"
        self.asked = 0
        self.told: dict[str, object] = {}
        self._rest = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._rest.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._rest.socket = context.wrap_socket(self._rest.socket, server_side=True, do_handshake_on_connect=False)
        self._postgres = socket.create_server(("127.0.0.1", 0))
        self._sessions: list[socket.socket] = []

    def promote(self) -> None:
        self.status, self.role = 200, "primary"

    def demote(self) -> None:
        self.status, self.role = 503, "replica"

    @property
    def address(self) -> dict[str, str | int]:
        return {
            "host": "localhost",
            "port": self._postgres.getsockname()[1],
            "rest_port": self._rest.server_address[1],
        }

    def start(self) -> None:
        threading.Thread(target=self._rest.serve_forever, args=(0.05,), daemon=True).start()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def fall_silent(self) -> None:
        """Nobody answers at its REST API any more; sessions go on."""
        self._rest.shutdown()
        self._rest.server_close()

    def stop(self) -> None:
        self.fall_silent()
        self._postgres.shutdown(socket.SHUT_RDWR)  # wakes who waits there, who would else take one session more
        self._accepting.join(5)
        self._postgres.close()
        for session in self._sessions:
            session.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                session, _ = self._postgres.accept()
                self._sessions.append(session)
                with contextlib.suppress(OSError):  # a health check may be gone already
                    session.sendall(self.name.encode() + b"\n")

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        member = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                member.asked += 1
                body = json.dumps({"state": "running", "role": member.role, **member.told}).encode()
                self.send_response(member.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@contextmanager
def members(certificate: str, key: str, *names: str) -> Iterator[list[Member]]:
    made = [Member(name, certificate, key) for name in names]
    for member in made:
        member.start()
    try:
        yield made
    finally:
        for member in made:
            member.stop()
