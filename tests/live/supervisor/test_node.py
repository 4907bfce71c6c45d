"""An etcd node's supervisor."""

from __future__ import annotations

import os
import signal

import pytest

from components.supervisor import processes
from tests.live.supervisor.stage import Stage, wait_until

pytestmark = pytest.mark.live


def test_a_killed_etcd_comes_back_with_its_data(place: Stage) -> None:
    place.put("config", "kept")
    pid = place.status("etcd")["children"]["etcd"]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: place.status("etcd")["restarts"] == 1, "a restart is counted")
    wait_until(lambda: place.status("etcd")["state"] == "running", "etcd runs again")
    assert place.stored() == {"config": "kept"}


def test_etcd_ends_with_a_killed_supervisor(place: Stage) -> None:
    pid = place.status("etcd")["children"]["etcd"]["pid"]
    place.started[0].kill()
    place.started[0].wait()
    wait_until(lambda: processes.read(pid) is None, "etcd got the kernel's SIGTERM")


def test_the_status_and_the_log_are_for_the_owner_only(place: Stage) -> None:
    for name in ("status.json", "log"):
        assert (place.folder / "etcd" / name).stat().st_mode & 0o077 == 0
