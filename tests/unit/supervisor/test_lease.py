from __future__ import annotations

import pytest

from components.supervisor.etcd import Key, Snapshot
from components.supervisor.lease import Standing, standing

PREFIX = "/service/main/"


def snapshot(*keys: tuple[str, str, int]) -> Snapshot:
    made = [Key(f"{PREFIX}{name}", value, lease, 1) for name, value, lease in keys]
    return Snapshot(9, {key.name: key for key in made})


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        pytest.param([], Standing(False, False, frozenset()), id="nothing is known"),
        pytest.param(
            [("leader", "pg-1", 7), ("members/pg-1", "{}", 7)], Standing(True, False, frozenset({7})), id="the leader"
        ),
        pytest.param(
            [("leader", "pg-2", 8), ("members/pg-1", "{}", 7)],
            Standing(False, False, frozenset({7})),
            id="another leads: its lease is not ours to touch",
        ),
        pytest.param([("leader", "pg-10", 8)], Standing(False, False, frozenset()), id="a name that begins alike"),
        pytest.param(
            [("leader", "pg-1", 7), ("members/pg-1", "{}", 6)],
            Standing(True, False, frozenset({6, 7})),
            id="two leases, after one was lost",
        ),
        pytest.param([("leader", "pg-1", 0)], Standing(True, False, frozenset()), id="a key without a lease"),
        pytest.param([("config", '{"pause": true}', 0)], Standing(False, True, frozenset()), id="paused"),
        pytest.param([("config", '{"pause": false}', 0)], Standing(False, False, frozenset()), id="not paused"),
        pytest.param([("config", "garbage", 0)], Standing(False, False, frozenset()), id="garbage is not a pause"),
    ],
)
def test_standing(keys: list[tuple[str, str, int]], expected: Standing) -> None:
    assert standing(snapshot(*keys), PREFIX, "pg-1") == expected
