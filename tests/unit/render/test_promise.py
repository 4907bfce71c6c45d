"""The preview says what the settings promise."""

from __future__ import annotations

from typing import Any

from components.render.promise import lost_machine, promise
from components.settings.load import load


def lines(**config: Any) -> list[str]:
    return promise(load({"platform": "embedded"} | config, default_major=15))


def test_the_default_loses_nothing_and_a_lost_machine_costs_the_lease() -> None:
    found = lines()
    assert found[-1].startswith("RPO 0: a commit is acknowledged when one replica of 2 has it on disk")
    assert "up to 26 s (ttl 20 + 6)" in found[-2]
    assert lost_machine(load({"platform": "embedded", "patroni": {"timing": "wide"}}, default_major=15)) == 66


def test_asynchronous_says_what_may_be_lost() -> None:
    assert "at most 1024 kB of WAL behind plus up to 20 s of writes" in lines(durability="asynchronous")[-1]


def test_without_a_replica_nobody_takes_over() -> None:
    assert lines(replicas=0, durability="asynchronous")[0] == (
        "RTO: the time in which the one member restarts; there is no replica to take over"
    )


def test_one_replica_alone_is_named_so() -> None:
    assert "lost with it" in lines(replicas=1, durability="balanced")[-1]
