"""A member's supervisor with a real etcd and a real PostgreSQL; only Patroni is a stand-in."""

from __future__ import annotations

import os
import signal
import time

import pytest

from components.supervisor import processes
from tests.live.supervisor.stage import Stage, wait_until

pytestmark = pytest.mark.live


def assert_came_back(place: Stage, before: tuple[int, int]) -> None:
    """All of the former life is gone, the lease was given back, and a new life leads."""
    wait_until(lambda: place.status("pg-1").get("restarts") == 1, "one restart is counted")
    lease = place.status("pg-1")["lease"]
    assert lease["was_leader"] is True
    after = place.wait_member()
    assert not set(after) & set(before)
    assert is_gone(before[0])
    assert is_gone(before[1])


def is_gone(pid: int) -> bool:
    """A zombie is gone: whoever inherited it may take its time to collect it."""
    found = processes.read(pid)
    return found is None or not found.alive


def test_a_killed_patroni_takes_postgres_with_it_and_the_lease_is_given_back(place: Stage) -> None:
    place.start("member", place.make_member())
    before = place.wait_member()
    assert processes.read(before[1]).parent == place.status("pg-1")["pid"]  # type: ignore[union-attr]
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: "leader" not in place.stored(), "the leader key is gone")
    assert_came_back(place, before)
    assert place.status("pg-1")["children"]["patroni"]["last_exit"]["signal"] == signal.SIGKILL


def test_a_killed_postmaster_ends_the_whole_member(place: Stage) -> None:
    place.start("member", place.make_member())
    before = place.wait_member()
    os.kill(before[1], signal.SIGKILL)
    assert_came_back(place, before)
    assert "ending the whole member" in place.log("pg-1")


def test_a_leader_whose_postgres_ends_after_a_crash_of_one_process_is_ended_too(place: Stage) -> None:
    place.start("member", place.make_member())
    before = place.wait_member()
    backend = next(one for one in processes.table().values() if one.parent == before[1])
    os.kill(backend.pid, signal.SIGKILL)
    assert_came_back(place, before)


def test_the_lease_is_kept_while_anything_of_the_member_lives(place: Stage) -> None:
    """Frozen backends cannot die of themselves; each must be gone before the leader key is."""
    place.start("member", place.make_member())
    before = place.wait_member()
    backends = [one for one in processes.table().values() if one.parent == before[1]]
    for backend in backends:
        os.kill(backend.pid, signal.SIGSTOP)
    os.kill(before[0], signal.SIGKILL)
    while "leader" in place.stored():
        time.sleep(0.001)
    assert [one.pid for one in backends if processes.is_running(one.pid, one.start_time)] == []


def test_a_planned_stop_is_clean_and_leaves_nothing(place: Stage) -> None:
    supervisor = place.start("member", place.make_member())
    place.wait_member()
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    assert place.postgres_processes() == []
    assert place.stored() == {}
    assert place.status("pg-1")["state"] == "stopped"
    assert "database system is shut down" in place.log("pg-1")


def test_what_patroni_leaves_running_on_a_planned_stop_is_shut_down(place: Stage) -> None:
    supervisor = place.start("member", place.make_member(careless=True))
    place.wait_member()
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    assert place.postgres_processes() == []
    assert "database system is shut down" in place.log("pg-1")


def test_a_stop_that_takes_too_long_is_finished_by_force(place: Stage) -> None:
    supervisor = place.start("member", place.make_member(stubborn=True))
    place.wait_member()
    supervisor.terminate()
    assert supervisor.wait(15) == 0
    assert place.postgres_processes() == []
    assert place.stored() == {}


def test_patroni_stops_when_its_supervisor_is_killed_and_the_next_one_starts_clean(place: Stage) -> None:
    file = place.make_member(careless=True)  # leaves its postmaster behind
    supervisor = place.start("member", file)
    before = place.wait_member()
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: is_gone(before[0]), "Patroni got the kernel's SIGTERM")
    assert [one.pid for one in place.postgres_processes() if one.pid == before[1]] == [before[1]]
    place.start("member", file)
    wait_until(lambda: is_gone(before[1]), "the postmaster of the earlier life is gone")
    assert place.wait_member()[1] != before[1]


def test_in_a_paused_cluster_postgres_outlives_patroni(place: Stage) -> None:
    place.start("member", place.make_member())
    before = place.wait_member()
    place.put("config", '{"pause": true}')
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: place.status("pg-1")["restarts"] == 1, "Patroni was started again")
    time.sleep(0.5)
    assert processes.read(before[1]) is not None
    assert place.stored()["leader"] == "pg-1"


def test_a_reload_reaches_patroni(place: Stage) -> None:
    supervisor = place.start("member", place.make_member())
    place.wait_member()
    supervisor.send_signal(signal.SIGHUP)
    wait_until((place.folder / "pg-1" / "reloaded").exists, "Patroni got SIGHUP")


def test_a_crash_loop_is_visible_and_backs_off(place: Stage) -> None:
    place.start("member", place.make_member(exit=7))
    wait_until(lambda: place.status("pg-1").get("restarts") == 3, "three restarts")
    found = place.status("pg-1")
    assert found["state"] == "backing-off"
    assert found["children"]["patroni"]["last_exit"]["code"] == 7
    # 0.2 + 0.4 s have passed, 0.8 s come: a loop without back-off would be far beyond three.
    time.sleep(0.4)
    assert place.status("pg-1")["restarts"] == 3


def test_a_second_supervisor_of_the_same_member_is_refused(place: Stage) -> None:
    file = place.make_member()
    place.start("member", file)
    place.wait_member()
    assert place.start("member", file).wait(10) == 3
    assert place.status("pg-1")["state"] == "running"
