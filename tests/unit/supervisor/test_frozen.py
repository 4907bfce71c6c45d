from __future__ import annotations

import os

import pytest

from components.supervisor import processes
from components.supervisor.frozen import overdue


@pytest.mark.parametrize(
    "answered, has_run, said",
    [
        pytest.param(None, False, "", id="never answered: it may still be starting"),
        pytest.param(96.0, False, "", id="silent for 4 s"),
        pytest.param(95.0, False, "has been frozen for 5 s", id="neither answers nor runs"),
        pytest.param(95.0, True, "", id="slow, on a busy machine"),
        pytest.param(85.0, True, "has not answered for 15 s", id="runs, but answers nobody"),
    ],
)
def test_when_patroni_is_ended(answered: float | None, has_run: bool, said: str) -> None:
    assert overdue(answered, 100.0, 5.0, has_run) == said


def test_a_process_that_works_uses_time() -> None:
    before = processes.ticks(os.getpid())
    while processes.ticks(os.getpid()) == before:
        sum(range(10000))
    assert processes.ticks(os.getpid()) > before >= 0
    assert processes.ticks(2**22 + 1) == -1
