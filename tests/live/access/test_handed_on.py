"""Rights that went on from hand to hand: whoever gave one has to take it back, before what it hangs on can go."""

from __future__ import annotations

import pytest

from components.access.session import Target
from tests.live.access.shop import Shop

pytestmark = pytest.mark.live


@pytest.fixture
def shop(target: Target, mark: str) -> Shop:
    return Shop(target, mark)


def test_a_grant_of_a_third_role_is_taken_back_as_that_role(shop: Shop) -> None:
    shop.apply()
    shop.run(
        'GRANT USAGE ON SCHEMA app TO "MARK_board"; GRANT DELETE ON app.orders TO "MARK_board" WITH GRANT OPTION',
        'SET ROLE "MARK_board"; GRANT DELETE ON app.orders TO "MARK_readers"; RESET ROLE',
    )
    assert any("SET LOCAL ROLE" in statement for statement in shop.plan())
    shop.apply()
    assert shop.plan() == []


@pytest.mark.parametrize("columns", ["", " (id)"], ids=["whole", "column"])
def test_what_a_third_role_gave_the_owner_is_taken_back_first(shop: Shop, columns: str) -> None:
    """It means nothing to the owner, but hangs on the third role's right, as after a change of owners."""
    shop.apply()
    shop.run(
        'GRANT USAGE ON SCHEMA app TO "MARK_board"',
        f'GRANT UPDATE{columns} ON app.orders TO "MARK_board" WITH GRANT OPTION',
        f'SET ROLE "MARK_board"; GRANT UPDATE{columns} ON app.orders TO "MARK_owner"; RESET ROLE',
    )
    assert len(shop.plan()) == 3
    shop.apply()
    assert shop.plan() == []
    assert shop.rows("SELECT has_table_privilege('app.orders', 'UPDATE')", role="owner") == [(True,)]
