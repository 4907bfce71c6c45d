"""A stand-in for an S3 service: moto behind TLS, with a certificate of a CA made for the test.

It keeps objects in memory and checks no signature; real are the protocol, TLS and every call of pgBackRest.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from components.patroni.authority import LOOPBACK, issue, new_authority, present
from tests.live.rds.served import served
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
ANSWER_S = 60.0  # the first question loads a service, which took more than 5 s on a busy machine


@dataclass(frozen=True)
class Service:
    """`endpoint` is host:port; `ca` the PEM of who signed its certificate."""

    endpoint: str
    ca: str

    def _call(self, method: str, path: str) -> bytes:
        context = ssl.create_default_context(cadata=self.ca)
        request = urllib.request.Request(f"https://{self.endpoint}/{path}", method=method)
        with urllib.request.urlopen(request, timeout=ANSWER_S, context=context) as answer:  # noqa: S310  # loopback, ours
            content: bytes = answer.read()
            return content

    def make_bucket(self, name: str) -> None:
        """An empty one."""
        self._call("PUT", name)

    def listing(self, bucket: str) -> str:
        """S3's own XML of the bucket's objects."""
        return self._call("GET", f"{bucket}?list-type=2&max-keys=1000").decode()


@contextmanager
def service(folder: Path, address: str = "127.0.0.1", names: Sequence[str] = ()) -> Iterator[Service]:
    """A fresh, empty service, ended by pid; its certificate lies in `folder` and has `names` too."""
    authority = new_authority("S3 for a test", present())
    host = "localhost" if address == "127.0.0.1" else address
    pair, port = issue(authority, host, present(), (*LOOPBACK, address, *names)), free_port()
    files = folder / "s3.crt", folder / "s3.key"
    for file, content in zip(files, (pair.certificate, pair.key), strict=True):
        file.write_bytes(content)
    command = [sys.executable, "-m", "tests.live.backup.s3_stand_in", address, str(port), *map(str, files)]
    made = Service(f"{host}:{port}", authority.certificate.decode())
    # pgBackRest is told to put the bucket into the path; else moto takes one out of the first part of a name with dots.
    known = {**os.environ, "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true"}
    with served(command, lambda: made._call("GET", "moto-api/"), made.endpoint, env=known, cwd=ROOT):
        yield made


def main(address: str, port: int, certificate: str, key: str) -> None:
    """Serves until it is killed.

    moto's own server cuts the line at the end of an answer, which TLS takes for an attack; this one says goodbye first.
    """
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(address, port, application, threaded=True, ssl_context=(certificate, key))
    cut = server.shutdown_request

    def goodbye(request: ssl.SSLSocket) -> None:
        with contextlib.suppress(OSError, ValueError):
            request.settimeout(1)
            request.unwrap()
        cut(request)

    server.shutdown_request = goodbye  # type: ignore[method-assign, assignment]
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
