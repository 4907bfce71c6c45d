"""An emulated cloud for the tests of one file."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.live.rds.emulator import emulator


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """Address of an empty cloud."""
    with emulator() as address:
        yield address


@pytest.fixture(scope="module", autouse=True)
def environment_is_put_back() -> Iterator[None]:
    """The engine's programs run in this process and see its environment: what one module told them ends with it."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)
