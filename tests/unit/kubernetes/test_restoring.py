"""A restore that fails is told while members are waited for, and ends the wait."""

from __future__ import annotations

import pytest

from components.contract import Route
from components.kubernetes.pods import Pod, Pods
from components.kubernetes.restoring import GIVE_UP, Restoring
from components.patroni.failure import ClusterError

SAID = ["INFO: Running custom bootstrap script", "P00  ERROR: [075]: no backup set found to restore"]


class World:
    """Members, what they said of late, and the time."""

    def __init__(self, *said: str) -> None:
        self.said, self.now = list(said), 100.0
        route = Route(kind="port-forward", namespace="postgres-main")
        self.restoring = Restoring(route, "old (up to 0/5)", lambda _route, pod: self._log(pod), lambda: self.now)

    def _log(self, pod: str) -> list[str]:
        return self.said if pod == "pg-1" else []

    def trouble(self, *, ready: bool = False) -> str:
        names = ("pg-0", "pg-1")
        members = tuple(Pod(name=name, uid=name, current=True, ready=ready and name == "pg-0") for name in names)
        return self.restoring.trouble(Pods(wanted=2, known=True, members=members))


def test_a_failure_is_told_and_ends_the_wait_when_it_stays() -> None:
    world = World(*SAID)
    assert "pgbackrest on pg-1: no backup set found to restore" in world.trouble()
    world.now += GIVE_UP
    assert world.trouble()
    world.now += 1
    with pytest.raises(
        ClusterError, match=r"the restore from old \(up to 0/5\) fails: pgbackrest on pg-1: no backup set"
    ):
        world.trouble()


def test_a_failure_that_passes_is_forgotten() -> None:
    world = World(*SAID)
    assert world.trouble()
    world.said = ["INFO: restored"]
    world.now += GIVE_UP
    assert world.trouble() == ""
    world.said, world.now = SAID, world.now + GIVE_UP
    assert world.trouble()


def test_once_a_member_is_ready_another_one_that_finds_no_backup_of_the_new_cluster_is_no_trouble() -> None:
    assert World(*SAID).trouble(ready=True) == ""
