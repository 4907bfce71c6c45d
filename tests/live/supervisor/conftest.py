from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.supervisor.stage import Stage, stage


@pytest.fixture
def place() -> Iterator[Stage]:
    """A stage whose etcd runs under a supervisor."""
    with stage() as made:
        made.start_etcd()
        yield made
