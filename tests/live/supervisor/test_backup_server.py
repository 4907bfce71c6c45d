"""The first process of the sidecar that serves backups: it passes on what it is told, and what it sees."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from components.patroni.waiting import until

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]
COMPONENTS = Path(__file__).parents[3] / "components"
# Reads its files at SIGHUP as pgBackRest's server does.
SERVER = """
trap 'echo read again' HUP
trap 'echo ends; exit 3' TERM
echo up
while :; do sleep 0.05; done
"""


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """A folder as kubelet mounts it: its content changes by turning one link."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "..data").symlink_to("one")
    return tmp_path


@pytest.fixture
def server(watched: Path) -> Iterator[subprocess.Popen[str]]:
    known = {**os.environ, "PYTHONPATH": str(COMPONENTS), "WATCHED": str(watched)}
    command = [sys.executable, "-m", "supervisor.backup_server", "sh", "-c", SERVER]
    with subprocess.Popen(command, env=known, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):  # the server too, which outlives a killed parent
                os.killpg(process.pid, signal.SIGKILL)


def heard(server: subprocess.Popen[str], wanted: str) -> None:
    """Reads on to that line."""
    assert server.stdout is not None
    for line in server.stdout:
        if line.strip() == wanted:
            return
    raise AssertionError(f"it ended without saying {wanted!r}")


def test_renewed_certificates_are_read_again_and_the_end_is_passed_on(
    server: subprocess.Popen[str], watched: Path
) -> None:
    heard(server, "up")
    fresh = watched / "..fresh"
    fresh.symlink_to("two")
    fresh.replace(watched / "..data")
    heard(server, "read again")
    server.send_signal(signal.SIGTERM)
    heard(server, "ends")
    assert until(lambda: server.poll() is not None, 10, "it to end")
    assert server.returncode == 3


TURNED_MEANWHILE = """
import signal, sys
from pathlib import Path
from supervisor import watched
from supervisor.log import Log
signal.signal(signal.SIGHUP, lambda *_: print("told"))
folder = Path(sys.argv[1])
before = watched.content([str(folder)])
(folder / "..fresh").symlink_to("two")
(folder / "..fresh").replace(folder / "..data")
watched.watch([str(folder)], Log("-", 1000, "test"), before=before)
signal.pause()
"""


def test_what_changed_while_the_server_started_is_told_too(watched: Path) -> None:
    known = {**os.environ, "PYTHONPATH": str(COMPONENTS)}
    command = [sys.executable, "-c", TURNED_MEANWHILE, str(watched)]
    done = subprocess.run(command, env=known, capture_output=True, text=True, timeout=50, check=True)
    assert done.stdout.endswith("told\n")
