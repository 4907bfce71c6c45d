from __future__ import annotations

from components.supervisor.processes import Process, descendants


def table(*rows: tuple[int, int, str]) -> dict[int, Process]:
    return {pid: Process(pid, parent, pid * 10, state) for pid, parent, state in rows}


def test_descendants_are_found_at_every_depth_parents_first() -> None:
    processes = table((1, 0, "S"), (10, 1, "S"), (11, 10, "S"), (12, 11, "R"), (20, 1, "S"))
    assert [one.pid for one in descendants(processes, 10)] == [11, 12]


def test_a_zombie_is_gone_but_what_is_below_it_is_not() -> None:
    processes = table((10, 1, "S"), (11, 10, "Z"), (12, 11, "D"))
    assert [one.pid for one in descendants(processes, 10)] == [12]


def test_nobody_is_below_a_pid_that_is_not_there() -> None:
    assert descendants(table((10, 1, "S")), 99) == []
