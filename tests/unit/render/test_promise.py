"""The preview says what the settings promise."""

from __future__ import annotations

from typing import Any

from components.render.promise import lost_machine, promise
from components.settings.load import load


def lines(**config: Any) -> list[str]:
    return promise(load({"platform": "embedded"} | config, default_major=15))


def test_the_default_loses_nothing_and_a_lost_machine_costs_the_lease() -> None:
    found = lines()
    assert found[-2].startswith("RPO 0: a commit is acknowledged when one replica of 2 has it on disk")
    assert "up to 26 s (ttl 20 + 6)" in found[-3]
    assert lost_machine(load({"platform": "embedded", "patroni": {"timing": "wide"}}, default_major=15)) == 66


def test_asynchronous_says_what_may_be_lost() -> None:
    assert "at most 1024 kB of WAL behind plus up to 20 s of writes" in lines(durability="asynchronous")[-2]


def test_without_a_replica_nobody_takes_over() -> None:
    assert lines(replicas=0, durability="asynchronous")[0] == (
        "RTO: the time in which the one member restarts; there is no replica to take over"
    )


def test_one_replica_alone_is_named_so() -> None:
    assert "lost with it" in lines(replicas=1, durability="balanced")[-2]


def test_a_restore_says_from_what_and_when() -> None:
    restore = {
        "from": "old",
        "time": "2026-11-21 10:00:00+00:00",
        "repository": {"kind": "posix", "path": "/srv/b/old"},
    }
    assert lines(restore=restore)[-1] == (
        "restore: a new cluster is made from old, as it was at 2026-11-21 10:00:00+00:00; one that was is left alone"
    )


def test_a_stack_without_backups_is_told_so_in_one_line() -> None:
    told = [line for line in lines() if line.startswith("backups:")]
    assert told == ["backups: none, since the stack has no backup: what is dropped, or lost with all members, is gone"]


def test_backups_say_where_they_lie_and_how_much_may_be_missing() -> None:
    repository = {"kind": "posix", "path": "/srv/backups/main"}
    told = lines(backup={"repository": repository, "encryption": "phrase"}, secrets={"phrase": "x"})[-2:]
    assert told == [
        "backups: encrypted in /srv/backups/main; 2 full backups are kept, and all WAL since the oldest of them,"
        " at most 60 s of WAL not yet archived",
        "backups: nothing on this machine runs the schedule (full 0 1 * * 0, diff 0 1 * * 1-6): call make backup from a"
        " crontab",
    ]


def test_a_standby_cluster_promises_no_more_than_what_has_arrived() -> None:
    given = {"standby_of": {"host": "db.example.org"}, "certificates": {"issuer": "cert-manager", "issuer_name": "ca"}}
    assert lines(platform="kubernetes", kubernetes=given)[0] == (
        "a standby cluster of db.example.org:5432: takes no writes; a promotion loses what has not arrived"
    )


def test_what_the_api_s_absence_costs_is_told_where_it_costs() -> None:
    without_etcd = {"platform": "kubernetes", "kubernetes": {"leader_election": "kubernetes"}}
    assert any("Kubernetes API down: no failover" in line for line in lines(**without_etcd))
    assert not any("API down" in line for line in lines(platform="kubernetes"))
