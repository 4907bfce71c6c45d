"""Amazon RDS's master user, as far as a server of one's own can have one: the conformance suite without superuser.

Simulated: the roles that RDS makes with what each is a member of, rds.* parameters, the database rdsadmin that nobody
may enter. Not simulated: what RDS's own build of the server refuses beyond PostgreSQL's rules.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import psycopg
import pytest

from components.access import snapshot
from components.access.failures import AccessError
from components.access.session import Target
from tests.live.access import test_no_superuser as suite
from tests.live.access.shop import Shop

pytestmark = pytest.mark.live
EVERY_MAJOR = True
RDS_ROLES = ("rds_superuser", "rds_iam", "rds_password", "rds_replication")
# Less pg_read_all_data, which on a server of one's own opens pg_authid, too; RDS keeps that shut for everybody.
SINCE = {14: ("pg_write_all_data",), 15: ("pg_checkpoint",), 17: ("pg_maintain",)}
ALWAYS = ("pg_monitor", "pg_signal_backend", "rds_password", "rds_replication")
PARAMETERS = {"rds.force_ssl": "1", "rds.restrict_password_commands": "1", "rds.extensions": "pgcrypto, pg_cron"}

# The suite, with the master of this module.
test_apply_drift_and_isolation = suite.test_apply_drift_and_isolation
test_passwords_that_cannot_be_read_are_compared = (
    suite.test_passwords_that_cannot_be_read_are_compared_with_what_was_sent
)
test_objects_of_strangers_are_told = suite.test_objects_of_strangers_are_told_before_anything_is_touched
test_what_it_may_not_give_is_told_at_once = suite.test_what_it_may_not_give_is_told_at_once


@pytest.fixture
def rds(target: Target) -> Iterator[None]:
    """What RDS has on every server."""
    with target.open(autocommit=True) as connection:
        version = connection.info.server_version // 10000
        for role in RDS_ROLES:
            connection.execute(f"CREATE ROLE {role}".encode())
        groups = [*ALWAYS, *(name for major, names in SINCE.items() if version >= major for name in names)]
        connection.execute(f"GRANT {', '.join(groups)} TO rds_superuser WITH ADMIN OPTION".encode())
        connection.execute("CREATE DATABASE rdsadmin")
        connection.execute("REVOKE ALL ON DATABASE rdsadmin FROM public")
        for name, value in PARAMETERS.items():
            connection.execute(f"ALTER ROLE ALL SET {name} = '{value}'".encode())
    yield
    with target.open(autocommit=True) as connection:
        for name in PARAMETERS:
            connection.execute(f"ALTER ROLE ALL RESET {name}".encode())
        connection.execute("DROP DATABASE rdsadmin")
        for role in RDS_ROLES:
            connection.execute(f"DROP OWNED BY {role}".encode())


@pytest.fixture(autouse=True)
def _gone(target: Target) -> Iterator[None]:
    """The roles go last, when no member is left."""
    yield
    with target.open(autocommit=True) as connection:
        for role in RDS_ROLES:
            connection.execute(f"DROP ROLE IF EXISTS {role}".encode())


@pytest.fixture
def shop(target: Target, mark: str, rds: None) -> Shop:
    """As the master: CREATEROLE, CREATEDB, in rds_superuser, and with rds_iam to give."""
    with target.open(autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{mark}admin" LOGIN CREATEROLE CREATEDB IN ROLE rds_superuser'.encode())
        connection.execute(f'GRANT rds_iam TO "{mark}admin" WITH ADMIN OPTION'.encode())
    return Shop(dataclasses.replace(target, words={**target.words, "user": f"{mark}admin"}), mark)


def test_pg_authid_that_is_shut_in_spite_of_every_right(
    shop: Shop, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the service itself refuses it to a member of pg_read_all_data."""
    with target.open(autocommit=True) as connection:
        connection.execute("GRANT pg_read_all_data TO rds_superuser")
    known = snapshot._question

    def refused(name: str, major: int) -> str:
        return "SELECT pg_read_file('PG_VERSION')" if name == "passwords" else known(name, major)

    monkeypatch.setattr(snapshot, "_question", refused)
    monkeypatch.setattr(snapshot, "_statement", snapshot._statement.__wrapped__)  # not from what others asked before
    shop.apply()
    shop.passwords["app"] = "another password"
    [roles, _] = shop.apply()
    assert roles.statements == ()
    assert any("left as they are" in note for note in roles.notes)


def members(target: Target, mark: str, role: str) -> set[str]:
    """Of the test's own roles, without their mark."""
    query = (
        "SELECT m.rolname FROM pg_auth_members JOIN pg_roles m ON m.oid = member JOIN pg_roles r ON r.oid = roleid "
        "WHERE r.rolname = %s AND m.rolname LIKE %s"
    )
    with target.open() as connection:
        return {str(name).removeprefix(f"{mark}_") for (name,) in connection.execute(query, [role, f"{mark}\\_%"])}


def test_logins_by_token_are_members_of_rds_iam(shop: Shop, target: Target) -> None:
    shop.text = shop.text.replace("MARK_report: { login: true, ", "MARK_report: { login: true, auth: iam, ")
    shop.apply()
    assert members(target, shop.mark, "rds_iam") == {"report"}
    assert shop.plan() == []
    shop.run('REVOKE rds_iam FROM "MARK_report"')  # as who gave it: from 16 on others' grants are others' to take
    assert any("rds_iam" in line for line in shop.plan())
    shop.apply()
    assert members(target, shop.mark, "rds_iam") == {"report"}


def test_rds_own_roles_and_database_are_left_alone(shop: Shop, target: Target) -> None:
    before = rds_state(target)
    shop.apply()
    assert rds_state(target) == before
    assert not [line for line in shop.plan() if "rds" in line]


def rds_state(target: Target) -> list[tuple[object, ...]]:
    """RDS's own roles, and who is in them."""
    query = (
        "SELECT rolname, rolsuper, rolcreaterole, rolcanlogin, ARRAY(SELECT member::regrole::text FROM pg_auth_members "
        "WHERE roleid = r.oid ORDER BY 1) FROM pg_roles r WHERE rolname LIKE 'rds%' ORDER BY 1"
    )
    with target.open() as connection:
        return connection.execute(query.encode()).fetchall()


def test_rds_lets_its_superuser_create_extensions_so_the_preview_does_not_refuse_them(shop: Shop) -> None:
    """Here the server itself refuses then, which is told in one sentence; RDS would not."""
    shop.text = shop.text.replace("pgcrypto: {", 'pageinspect: "*", pgcrypto: {')
    with pytest.raises(AccessError, match='permission denied to create extension "pageinspect"'):
        shop.apply()


def test_nobody_becomes_a_superuser_by_the_master(shop: Shop) -> None:
    shop.text = shop.text.replace("MARK_board: {}", "MARK_board: { dangerous: { superuser: for a report } }")
    with pytest.raises((AccessError, psycopg.Error)) as caught:
        shop.apply()
    assert "SUPERUSER" in str(caught.value)
