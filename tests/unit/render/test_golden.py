"""Rendering is what lies in cases/; a change made on purpose is written by `python -m tests.unit.render.golden`."""

from __future__ import annotations

import pytest

from tests.unit.render.golden import CASES, case_names, rendered


@pytest.mark.parametrize("name", case_names())
def test_the_files_are_as_kept(name: str) -> None:
    kept = {file.name: file.read_text(encoding="utf-8") for file in (CASES / name).iterdir()}
    del kept["stack.yaml"]
    assert rendered(name) == kept


def test_rendering_twice_gives_the_same() -> None:
    assert rendered("defaults") == rendered("defaults")
