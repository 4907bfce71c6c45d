"""What a preview says of an upgrade is said once."""

from __future__ import annotations

from components.render.rds_impact import deployment, effects
from tests.unit.settings.rds.stacks import settings


def test_the_block_of_an_upgrade_says_nothing_of_its_own() -> None:
    """What it does is told with `major`; that it comes, and goes when it is done, costs nothing."""
    said, done = settings({"upgrade": {"from": 16, "to": 17}}, major=17), settings(major=17)
    assert effects(deployment(done), deployment(said)) == []
    assert effects(deployment(said), deployment(done)) == []
    on_the_way = effects(deployment(settings(major=16)), deployment(said))
    assert [one.path for one in on_the_way] == ["major"]
