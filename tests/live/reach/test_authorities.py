"""Whom to trust: a file, or what is published at an address, fetched once, kept, and fetched again when it is old."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.reach import AuthoritiesError, authorities
from components.reach.authorities import FRESH_S
from tests.ports import free_port

pytestmark = pytest.mark.live
FIRST, SECOND = (f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----\n" for name in ("one", "two"))


@dataclass
class Published:
    """What lies at the address, and how often it was asked for."""

    address: str = ""
    text: str = FIRST
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def published() -> Iterator[Published]:
    found = Published()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(200 if found.text else 404)
            self.end_headers()
            self.wfile.write(found.text.encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.address = f"http://127.0.0.1:{server.server_port}/eu-central-1/eu-central-1-bundle.pem"
        yield found
        server.shutdown()


def test_it_is_fetched_once_and_kept(published: Published, tmp_path: Path) -> None:
    files = {authorities(published.address, tmp_path / "cache") for _ in range(3)}
    assert files == {str(tmp_path / "cache" / "eu-central-1-bundle.pem")}
    assert Path(files.pop()).read_text() == FIRST
    assert published.asked == ["/eu-central-1/eu-central-1-bundle.pem"]
    assert [one.name for one in (tmp_path / "cache").iterdir()] == ["eu-central-1-bundle.pem"]


@pytest.mark.parametrize(("now", "kept"), [(SECOND, SECOND), ("", FIRST), ("<html>log in</html>", FIRST)])
def test_an_old_one_is_renewed_and_serves_where_that_fails(
    published: Published, tmp_path: Path, now: str, kept: str
) -> None:
    file = Path(authorities(published.address, tmp_path))
    long_ago = time.time() - FRESH_S - 60
    os.utime(file, (long_ago, long_ago))
    published.text = now
    assert Path(authorities(published.address, tmp_path)).read_text() == kept


@pytest.mark.parametrize("text", ["", "<html>log in to this network</html>"])
def test_without_it_there_is_a_way_by_hand(published: Published, tmp_path: Path, text: str) -> None:
    published.text = text
    with pytest.raises(AuthoritiesError) as told:
        authorities(published.address, tmp_path)
    assert f"could not be fetched from {published.address}" in str(told.value)
    assert f"put them at {tmp_path}/eu-central-1-bundle.pem, or name a file of yours in rds.ca_bundle" in str(
        told.value
    )
    assert list(tmp_path.iterdir()) == []


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(AuthoritiesError, match="Connection refused"):
        authorities(f"http://127.0.0.1:{free_port()}/bundle.pem", tmp_path)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "own.pem"
    with pytest.raises(AuthoritiesError, match=r"own\.pem: No such file or directory; name a file in PEM format"):
        authorities(str(file))
    file.write_text("no certificate")
    with pytest.raises(AuthoritiesError, match=r"own\.pem: holds no certificate in PEM format"):
        authorities(str(file))
    file.write_text(FIRST)
    assert authorities(str(file)) == str(file)
