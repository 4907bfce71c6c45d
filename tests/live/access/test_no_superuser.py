"""An administrator as managed services have it: CREATEROLE, CREATEDB, a group of predefined roles, no superuser."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import psycopg
import pytest

from components.access.failures import AccessError
from components.access.session import Target
from components.access.silence import digests
from tests.live.access.shop import Shop
from tests.live.access.test_apply import DRIFTS

pytestmark = pytest.mark.live
EVERY_MAJOR = True
GROUP = ("pg_monitor", "pg_signal_backend", "pg_read_all_stats", "pg_read_all_settings")
# What such a login can neither do nor undo, or what only it could have done as another owner.
NOT_FOR_IT = ("database owner", "schema owner", "default privileges of a stranger", "extension moved")
UNSEEN = ("changed password", "lost password", "password where none is declared")


@pytest.fixture
def shop(target: Target, mark: str) -> Shop:
    """As such an administrator, whose name the scope does not match."""
    with target.open(autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{mark}super"'.encode())
        connection.execute(f'GRANT {", ".join(GROUP)} TO "{mark}super" WITH ADMIN OPTION'.encode())
        connection.execute(f'CREATE ROLE "{mark}admin" LOGIN CREATEROLE CREATEDB IN ROLE "{mark}super"'.encode())
    return Shop(dataclasses.replace(target, words={**target.words, "user": f"{mark}admin"}), mark)


def as_superuser(shop: Shop, target: Target) -> Shop:
    return dataclasses.replace(shop, target=target)


def test_apply_drift_and_isolation(shop: Shop, target: Target) -> None:
    shop.apply()
    assert shop.plan() == []
    by_hand = as_superuser(shop, target)
    for name, change in DRIFTS.items():
        if name not in (*NOT_FOR_IT, *UNSEEN):
            try:
                (shop if "membership" in name else by_hand).run(change)
            except psycopg.Error:
                continue  # what an earlier change took away cannot be changed again
    assert len(shop.plan()) > 20
    shop.apply()
    assert shop.plan() == []
    assert by_hand.rows("SELECT count(*) FROM app.users", role="app", org="1") == [(2,)]
    assert by_hand.rows("SELECT count(*) FROM app.users", role="app") == [(0,)]


def test_passwords_that_cannot_be_read_are_compared_with_what_was_sent(shop: Shop, server: Path) -> None:
    shop.apply(sent={})
    shop.apply(sent=digests(shop.verifiers))
    before = shop.verifiers
    shop.passwords["app"] = "another password"
    [roles, _] = shop.apply(sent=digests(before))
    assert ["PASSWORD" in str(statement) for statement in roles.statements] == [True]
    shop.passwords["app"] = "a third password"
    [roles, _] = shop.apply()
    assert roles.statements == ()
    assert any("left as they are" in note for note in roles.notes)


def test_objects_of_strangers_are_told_before_anything_is_touched(shop: Shop, target: Target) -> None:
    shop.apply()
    by_hand = as_superuser(shop, target)
    by_hand.run("CREATE TABLE app.foreign_one (org int, PRIMARY KEY (org))")
    with pytest.raises(AccessError, match="needs the rights of role postgres, who owns or granted it"):
        shop.apply()
    by_hand.run('ALTER TABLE app.foreign_one OWNER TO "MARK_owner"')
    shop.apply()
    assert shop.plan() == []


def test_what_it_may_not_give_is_told_at_once(shop: Shop) -> None:
    shop.text = shop.text.replace(
        "MARK_board: {}", "MARK_board: { dangerous: { bypassrls: for a report } , member_of: [pg_read_server_files] }"
    )
    with pytest.raises(AccessError) as caught:
        shop.apply()
    assert "may not give BYPASSRLS" in str(caught.value)
    with shop.target.open() as connection:
        found = connection.execute("SELECT FROM pg_roles WHERE rolname LIKE %s", [f"{shop.mark}\\_%"]).rowcount
    assert found == 0


def test_an_extension_that_only_a_superuser_may_create(shop: Shop, target: Target) -> None:
    shop.text = shop.text.replace("pgcrypto: {", 'pageinspect: "*", pgcrypto: {')
    with pytest.raises(AccessError, match="pageinspect: only a superuser may create it"):
        shop.apply()
    shop.text = shop.text.replace('pageinspect: "*"', "pageinspect: { optional: true }")
    shop.apply()
    as_superuser(shop, target).run("CREATE EXTENSION pageinspect SCHEMA public")
    assert shop.plan() == []
