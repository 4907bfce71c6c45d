from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.supervisor.configuration import Address, Pooler
from components.supervisor.etcd import Key, Snapshot
from components.supervisor.routing import (
    Keys,
    View,
    balancer_commands,
    databases_text,
    stale_addresses,
)

PREFIX = "/service/main/"
LEADER, FAILOVER = f"{PREFIX}leader", f"{PREFIX}failover"
MEMBERS = {f"pg-{i}": Address(host="localhost", port=5430 + i, rest_port=8000 + i) for i in (1, 2, 3)}


def snapshot(revision: int, **values: str) -> Snapshot:
    keys = [Key(f"{PREFIX}{name}", value, 0, revision) for name, value in values.items()]
    return Snapshot(revision, {key.name: key for key in keys})


def test_a_snapshot_tells_who_leads_and_who_does_not_any_more() -> None:
    keys = Keys(PREFIX)
    assert keys.view() == View()
    assert keys.take(snapshot(5, leader="pg-1"))
    assert keys.view() == View("pg-1")
    assert not keys.take(snapshot(6, leader="pg-1"))
    assert keys.take(snapshot(7))
    assert keys.view() == View()


def test_a_watcher_that_is_behind_changes_nothing() -> None:
    keys = Keys(PREFIX)
    keys.take(snapshot(9, leader="pg-2"))
    assert not keys.change([(False, Key(LEADER, "pg-1", 0, 4))])
    assert not keys.take(snapshot(8))
    assert keys.view() == View("pg-2")


def test_all_events_of_a_message_count_not_only_the_first() -> None:
    keys = Keys(PREFIX)
    keys.take(snapshot(1, leader="pg-1"))
    assert keys.change([(True, Key(LEADER, "", 0, 2)), (False, Key(LEADER, "pg-3", 0, 3))])
    assert keys.view() == View("pg-3")


@pytest.mark.parametrize(
    ("failover", "expected"),
    [
        pytest.param({}, False, id="what Patroni leaves behind"),
        pytest.param({"leader": "pg-1"}, True, id="switchover to anybody"),
        pytest.param({"leader": "pg-1", "member": "pg-2"}, True, id="switchover to one"),
        pytest.param({"member": "pg-2"}, True, id="failover to one"),
        pytest.param({"member": "pg-1"}, False, id="failover to the leader itself"),
        pytest.param({"leader": "pg-2", "member": "pg-3"}, False, id="meant for another leader"),
        pytest.param({"leader": "pg-1", "scheduled_at": "2030-01-01T00:00:00+00:00"}, False, id="not yet"),
        pytest.param([], False, id="garbage"),
    ],
)
def test_handing_over(failover: object, expected: bool) -> None:
    keys = Keys(PREFIX)
    keys.take(snapshot(1, leader="pg-1", failover=json.dumps(failover)))
    assert keys.view() == View("pg-1", expected)


@given(st.data())
def test_three_watchers_in_any_order_agree_on_the_newest_state(data: st.DataObject) -> None:
    history = [
        (data.draw(st.booleans()), Key(name, f"pg-{revision}", 0, revision))
        for revision in range(1, data.draw(st.integers(2, 8)))
        for name in [data.draw(st.sampled_from([LEADER, FAILOVER]))]
    ]
    straight = Keys(PREFIX)
    straight.change(history)
    # Each watcher is in order; between them, anything goes.
    streams = [list(history) for _ in range(3)]
    mixed = Keys(PREFIX)
    while any(streams):
        stream = data.draw(st.sampled_from([stream for stream in streams if stream]))
        mixed.change([stream.pop(0)])
    assert mixed.view() == straight.view()


def pooler(target: str, **databases: str) -> Pooler:
    return Pooler(
        name="p", command=("pgbouncer",), databases_file="/f", target=target, databases=databases or {"*": ""}
    )


def test_databases_follow_the_leader() -> None:
    text = databases_text(pooler("leader", app="pool_size=5", other=""), MEMBERS["pg-2"])
    assert text.splitlines()[1:] == [
        "[databases]",
        "app = host=localhost port=5432 pool_size=5",
        "other = host=localhost port=5432",
    ]


def test_without_a_leader_writers_are_sent_where_they_are_refused_and_wait() -> None:
    assert "* = host=127.0.0.1 port=1\n" in databases_text(pooler("leader"), None)


def test_a_fixed_target_stays() -> None:
    assert "* = host=::1 port=15431\n" in databases_text(pooler("::1:15431"), MEMBERS["pg-1"])


def test_the_balancer_keeps_the_leader_and_cuts_the_others() -> None:
    assert balancer_commands("w", "r", MEMBERS, "pg-2") == [
        "set server w/pg-2 state ready",
        "set server w/pg-2 health up",
        "set server w/pg-1 state maint",
        "set server w/pg-3 state maint",
        "shutdown sessions server w/pg-1",
        "shutdown sessions server w/pg-3",
        "shutdown sessions server r/pg-2",
    ]


def test_stale_is_everybody_but_the_leader() -> None:
    assert stale_addresses(MEMBERS, "pg-2") == {("localhost", 5431), ("localhost", 5433)}
    assert stale_addresses(MEMBERS, "pg-9") == {("localhost", 5431), ("localhost", 5432), ("localhost", 5433)}
