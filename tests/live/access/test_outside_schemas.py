"""Rights on languages, foreign data, large objects, parameters, tablespaces and types; and a mode for one schema."""

from __future__ import annotations

import pytest

from components.access.failures import AccessError
from components.access.session import Target
from tests.live.access.shop import Shop

pytestmark = pytest.mark.live
EVERY_MAJOR = True
KINDS = """
    languages: { plpgsql: { MARK_app: [usage] } }
    foreign_data_wrappers: { MARK_fdw: { MARK_owner: [usage] } }
    foreign_servers: { "MARK's server": { MARK_app: [usage] } }
    large_objects: { "4711": { MARK_app: [select] } }
    rls:"""
SERVER = """
parameters: { log_min_duration_statement: { MARK_app: [set] }, app.tenant: { MARK_report: [all] } }
"""
THERE = (
    "SELECT lo_create(4711)",
    'CREATE FOREIGN DATA WRAPPER "MARK_fdw"',
    'CREATE SERVER "MARK\'s server" FOREIGN DATA WRAPPER "MARK_fdw"',
    'ALTER LARGE OBJECT 4711 OWNER TO "MARK_owner"; CREATE TYPE app.mood AS ENUM (\'good\'); ALTER TYPE app.mood OWNER TO "MARK_owner"',  # noqa: E501
)
DRIFTS = {
    "language won": 'GRANT USAGE ON LANGUAGE plpgsql TO "MARK_report"',
    "language lost": 'REVOKE USAGE ON LANGUAGE plpgsql FROM "MARK_app"',
    "wrapper": 'GRANT USAGE ON FOREIGN DATA WRAPPER "MARK_fdw" TO "MARK_app"',
    "server lost": 'REVOKE USAGE ON FOREIGN SERVER "MARK\'s server" FROM "MARK_app"',
    "server won": 'GRANT USAGE ON FOREIGN SERVER "MARK\'s server" TO "MARK_report" WITH GRANT OPTION',
    "large object": 'GRANT UPDATE ON LARGE OBJECT 4711 TO "MARK_app"',
    "another large object": 'SELECT lo_create(4712); GRANT SELECT ON LARGE OBJECT 4712 TO "MARK_app"',
    "type": 'GRANT USAGE ON TYPE app.mood TO "MARK_report"',
}
PARAMETERS = {
    "parameter won": 'GRANT SET ON PARAMETER work_mem, app.other TO "MARK_app"',
    "parameter lost": 'REVOKE SET ON PARAMETER log_min_duration_statement FROM "MARK_app"',
    "alter system": 'GRANT ALTER SYSTEM ON PARAMETER log_min_duration_statement TO "MARK_app"',
}


@pytest.fixture
def shop(target: Target, mark: str) -> Shop:
    shop = Shop(target, mark)
    shop.apply()
    shop.run(*THERE)
    shop.text = shop.text.replace("\n    rls:", KINDS)
    return shop


def test_each_kind_drifts_and_comes_back(shop: Shop) -> None:
    with shop.admin() as connection:
        parameters = connection.info.server_version >= 150000
    shop.text += SERVER if parameters else ""
    shop.apply()
    assert shop.plan() == []
    for change in (*DRIFTS.values(), *(PARAMETERS.values() if parameters else ())):
        shop.run(change)
        assert len(shop.plan()) == 1, change
        shop.apply()
        assert shop.plan() == [], change


def test_kinds_of_which_nothing_is_said_are_told_and_left(shop: Shop) -> None:
    shop.apply()
    shop.text = shop.text.replace('large_objects: { "4711": { MARK_app: [select] } }', "")
    assert shop.plan() == []
    assert any("hold rights on large object 4711" in note for done in shop.apply() for note in done.notes)


def test_parameters_need_postgresql_15(shop: Shop) -> None:
    shop.text += SERVER
    with shop.admin() as connection:
        old = connection.info.server_version < 150000
    if old:
        with pytest.raises(AccessError, match="rights on parameters came with PostgreSQL 15, this server is 14"):
            shop.apply()
    else:
        shop.apply()
        assert shop.plan() == []


def test_a_tablespace(shop: Shop) -> None:
    shop.text += "\ntablespaces: { pg_default: { MARK_app: [create] }, MARK_none: {} }\n"
    done = shop.apply()
    assert f"tablespace {shop.mark}_none is not there yet; its rights wait for it" in done[0].pending
    assert shop.plan() == []
    shop.run('GRANT CREATE ON TABLESPACE pg_default TO "MARK_report"')
    assert shop.plan() == [f'REVOKE CREATE ON TABLESPACE "pg_default" FROM "{shop.mark}_report"']
    shop.apply()
    shop.text = shop.text.replace("MARK_app: [create]", "")
    shop.apply()
    assert shop.plan() == []


def test_one_schema_may_be_less_strict_than_the_others(shop: Shop) -> None:
    shop.text = shop.text.replace("      ops: {}", "      ops: { mode: report }")
    shop.apply()
    shop.run(
        "CREATE TABLE ops.t (n int)",
        'GRANT SELECT ON ops.t TO "MARK_app"',
        'GRANT USAGE ON SCHEMA ops TO "MARK_board"',
        'GRANT TRUNCATE ON app.orders TO "MARK_app"',
    )
    assert shop.plan() == [f'REVOKE TRUNCATE ON TABLE "app"."orders" FROM "{shop.mark}_app"']
    notes = [note for done in shop.apply() for note in done.notes if "mode report" in note]
    assert len(notes) == 2, notes
