"""A container's answer to its machine: whether to go on or to be killed and started anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def serve(port: int, well: Callable[[], bool]) -> None:
    """Answers each GET with 200 while `well`, else 503, in threads of its own; nothing for port 0."""
    if not port:
        return

    class Handler(BaseHTTPRequestHandler):
        timeout = 5.0  # of one connection

        def do_GET(self) -> None:
            self.send_response(200 if well() else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Probes are no news."""

    # All addresses of the pod: kubelet comes by the pod's own, and no policy lets anybody else in.
    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)  # noqa: S104
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
