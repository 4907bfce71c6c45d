"""Which PostgreSQL a stack asks the set-up for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.setup import asked
from tools.setup.places import ROOT


@pytest.mark.parametrize(
    ("arguments", "variable", "expected"),
    [
        ([], "", "local"),
        ([], "local17", "local17"),
        (["--json", "--stack", "dev"], "local17", "dev"),
        (["--stack=dev"], "", "dev"),
        (["--stack"], "", ""),  # the driver says what is wrong with it
    ],
)
def test_stack(arguments: list[str], variable: str, expected: str) -> None:
    assert asked.stack(arguments, variable) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"postgres-platform:major": 17}, 17),
        ({"postgres-platform:major": "17"}, 17),
        ({"postgres-platform:major": 17, "postgres-platform:platform": "embedded"}, 17),
        ({"postgres-platform:major": 17, "postgres-platform:platform": "rds"}, None),
        ({"postgres-platform:platform": "embedded"}, None),
        ({"postgres-platform:major": True}, None),
        ({"postgres-platform:major": 17.5}, None),
        ({"postgres-platform:major": "seventeen; rm -rf /"}, None),
        ({"postgres-platform:major": [17]}, None),
        (["postgres-platform:major"], None),
        (None, None),
    ],
)
def test_asked_major(given: object, expected: int | None) -> None:
    assert asked.asked_major(given) == expected


def test_a_stack_file_that_cannot_be_read_asks_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    assert asked.configuration(file) is None
    file.write_bytes(b"config:\n  postgres-platform:major: \xff\n")
    assert asked.configuration(file) is None
    file.write_text("config: {postgres-platform:major: 17\n")
    assert asked.configuration(file) is None
    file.write_text("config: {}\n")
    assert asked.configuration(file) is None


def test_the_stack_of_six_systems_asks_for_17() -> None:
    assert asked.asked_major(asked.configuration(ROOT / "Pulumi.local17.yaml")) == 17
    assert asked.asked_major(asked.configuration(ROOT / "Pulumi.local.yaml")) is None
