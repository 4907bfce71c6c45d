"""A make target installs what it needs and no more."""

from __future__ import annotations

from tools.setup.targets import TARGETS, Need, needs


def test_a_stack_whose_servers_run_elsewhere_installs_none_here() -> None:
    assert needs(TARGETS["up"], servers_here=False) == (Need.PYTHON, Need.PULUMI)
    assert needs(TARGETS["up"], servers_here=True) == TARGETS["up"].needs


def test_the_tests_need_the_servers_whatever_the_stack() -> None:
    assert needs(TARGETS["test"], servers_here=False) == TARGETS["test"].needs
