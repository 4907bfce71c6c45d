"""A gateway without etcd: real PgBouncer and HAProxy, and members that say who they are, whom it asks."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from components.supervisor.asked import AT_LEISURE
from tests.live.supervisor.members import Member, members
from tests.live.supervisor.stage import stage, wait_until
from tests.live.supervisor.test_gateway import Gateway

pytestmark = pytest.mark.live


class Asking(Gateway):
    """Told nothing of a store; a member leads by saying so."""

    def start(self, **changes: object) -> None:
        super().start(etcd=None, **changes)

    def lead(self, member: Member) -> None:
        for other in self.members:
            other.demote()
        member.promote()


@pytest.fixture
def gateway() -> Iterator[Asking]:
    with stage() as place, members(place.access["cert"], place.access["key"], "pg-1", "pg-2") as given:
        yield Asking(place, given)


def paused(gateway: Gateway) -> int:
    return gateway.log().count("got SIGUSR1")


def test_it_asks_who_leads_and_follows(gateway: Asking) -> None:
    first, second = gateway.members
    gateway.lead(first)
    gateway.start()
    assert gateway.points_at(first)
    wait_until(lambda: gateway.reaches() == "pg-1", "HAProxy reaches the leader")
    status = gateway.place.status("gateway")
    assert (status["leader"], status["answering"]) == ("pg-1", ["pg-1", "pg-2"])
    assert "etcd_endpoints" not in status
    began = time.monotonic()
    gateway.lead(second)
    wait_until(lambda: gateway.points_at(second), "PgBouncer's file names the new leader")
    wait_until(lambda: gateway.reaches() == "pg-2", "HAProxy reaches the new leader")
    assert time.monotonic() - began < AT_LEISURE + 1.0


def test_clients_are_held_while_nobody_leads(gateway: Asking) -> None:
    first, second = gateway.members
    gateway.lead(first)
    gateway.start()
    first.demote()
    wait_until(lambda: paused(gateway), "PgBouncer is paused")
    gateway.lead(second)
    wait_until(lambda: "continuing" in gateway.log(), "PgBouncer goes on")
    assert gateway.points_at(second)


def test_silence_of_the_leader_is_no_reason_to_hold_anybody(gateway: Asking) -> None:
    first, second = gateway.members
    gateway.lead(first)
    gateway.start()
    first.fall_silent()
    wait_until(lambda: "pg-1 does not answer" in gateway.log(), "the silence is noticed")
    time.sleep(1.0)
    assert gateway.points_at(first) and not paused(gateway)
    second.promote()
    wait_until(lambda: gateway.points_at(second), "the new leader is followed", limit=2.0)


def test_a_switchover_that_is_told_holds_clients_before_the_leader_goes(gateway: Asking) -> None:
    first, second = gateway.members
    gateway.lead(first)
    gateway.start()
    second.told = {"handing_over": "pg-1"}  # it was asked, and says so
    wait_until(lambda: paused(gateway), "PgBouncer is paused", limit=2.0)
    gateway.lead(second)
    wait_until(lambda: "continuing" in gateway.log(), "PgBouncer goes on")
    assert gateway.points_at(second)
    time.sleep(1.0)
    assert paused(gateway) == 1


def test_of_two_that_say_they_lead_the_later_timeline_is_right(gateway: Asking) -> None:
    first, second = gateway.members
    first.told, second.told = {"timeline": 4}, {"timeline": 5}
    gateway.lead(first)
    gateway.start()
    second.promote()
    wait_until(lambda: gateway.points_at(second), "the later timeline is followed")


def test_a_reload_brings_a_new_member(gateway: Asking) -> None:
    first, second = gateway.members
    gateway.members = [first]
    gateway.lead(first)
    gateway.start()
    first.demote()
    second.promote()
    gateway.write([first, second], etcd=None)
    gateway.process.send_signal(signal.SIGHUP)
    wait_until(lambda: gateway.points_at(second), "the new member is asked, and followed")
    wait_until(lambda: gateway.place.status("gateway")["answering"] == ["pg-1", "pg-2"], "both answer")
