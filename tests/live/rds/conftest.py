"""An emulated cloud for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.rds.emulator import emulator


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """Address of an empty cloud."""
    with emulator() as address:
        yield address
