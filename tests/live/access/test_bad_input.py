"""What a server alone can say of a spec is said at preview, all of it at once, and nothing is touched."""

from __future__ import annotations

import dataclasses
import re

import pytest

from components.access import preview
from components.access.failures import AccessError
from components.access.session import Target
from tests.live.access.shop import Shop
from tests.live.exactness import catalogue

pytestmark = pytest.mark.live
AT = r"rls\.tenant\.using: PostgreSQL says: "
RULE = '"org = :org"'
# What is wrong in the spec: what stands there in place of what, and what is told.
WRONG = {
    "an operator too many": (
        RULE,
        '"org = = :org"',
        AT + r'syntax error at or near "=", at character 7 of "org = = :org"$',
    ),
    "behind a setting": (
        RULE,
        '"org = :org OR OR true"',
        AT + r'syntax error at or near "OR", at character 15 of "org = :org OR OR true"$',
    ),
    "a bracket left open": (RULE, '"(org = :org"', AT + r'syntax error at end of input, at character 13 of "\(org'),
    "a bracket too many": (RULE, '"org = :org)"', AT + r'syntax error at or near "\)", at character 12 of'),
    "a quote left open": (RULE, '"org = \'x"', AT + r'unterminated quoted string at or near "\'x\)", at character 7'),
    "a second statement": (RULE, '"true); DROP TABLE x; --"', AT + r"cannot insert multiple commands"),
    "an extension": ("pgcrypto: {", "nope: {}, pgcrypto: {", "extension nope: this server's packages do not have it"),
    "its version": (">=1.3", ">=9.3", r"extension pgcrypto: version >=9\.3 is not to be had here; available: 1\.3"),
    "a role of the server": ("[MARK_readers], v", "[pg_nope], v", r"role pg_nope is not on this server .* member_of"),
}
# What can only be wrong with tables that are there.
WRONG_OF_TABLES = {
    "a column in a rule": (RULE, '"orgg = :org"', r'tenant_floor of app\.orders, .*says: column "orgg" does not exist'),
    "a function in a rule": (RULE, '"nope(:org)"', r"says: function nope\(integer\) does not exist"),
    "a rule of another type": (RULE, '"org"', r"says: argument of POLICY must be type boolean, not type integer"),
    "a column with a right": ("[id, org]", "[id, orgg]", r"table app\.users has no column orgg, .*did you mean org\?"),
    "the tenant's column": ("column: org", "column: orgg", r"table app\.orders has no column orgg; add it, write row"),
}


def changed(shop: Shop, old: str, new: str) -> Shop:
    assert shop.text.count(old) == 1
    return dataclasses.replace(shop, text=shop.text.replace(old, new))


def found(shop: Shop) -> list[str]:
    """What the preview says is wrong."""
    parts = [
        preview.cluster(shop.target, shop.spec, shop.verifiers, major=15),
        preview.database(shop.target, shop.spec, shop.database, shop.scripts, major=15),
    ]
    return [problem for part in parts for problem in part.problems]


def state(target: Target, shop: Shop) -> list[str]:
    with target.open() as connection:
        there = connection.execute("SELECT FROM pg_database WHERE datname = %s", [shop.database]).rowcount
    return [*catalogue.shared(target, shop.mark), *(catalogue.everything(target, shop.database) if there else ())]


@pytest.mark.parametrize("there", [False, True], ids=["nothing there", "all there"])
@pytest.mark.parametrize("old, new, told", WRONG.values(), ids=WRONG.keys())
def test_found_at_preview(target: Target, mark: str, old: str, new: str, told: str, there: bool) -> None:
    refused(target, Shop(target, mark), (old, new, told), there=there)


@pytest.mark.parametrize("old, new, told", WRONG_OF_TABLES.values(), ids=WRONG_OF_TABLES.keys())
def test_found_at_preview_of_tables_that_are_there(target: Target, mark: str, old: str, new: str, told: str) -> None:
    refused(target, Shop(target, mark), (old, new, told), there=True)


def refused(target: Target, shop: Shop, wrong: tuple[str, str, str], *, there: bool) -> None:
    """Told once, however many tables have it; and an apply that nobody previewed ends the same way."""
    old, new, told = wrong
    if there:
        shop.apply()
    bad = changed(shop, old, new)
    before = state(target, bad)
    assert len({one for one in found(bad) if re.search(told, one)}) == 1, found(bad)
    with pytest.raises(AccessError, match=told):
        bad.apply()
    assert state(target, bad) == before


def test_everything_at_once(target: Target, mark: str) -> None:
    shop = Shop(target, mark)
    for name in ("a bracket left open", "an extension", "a role of the server"):
        shop = changed(shop, *WRONG[name][:2])
    told = set(found(shop))
    for name in ("a bracket left open", "an extension", "a role of the server"):
        assert any(re.search(WRONG[name][2], one) for one in told), (name, told)
    assert len(told) == 3


def test_rights_of_ours_that_are_missing(target: Target, mark: str) -> None:
    """As an administrator who is no superuser, and of whose roles pg_read_server_files and BYPASSRLS are not."""
    with target.open(autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{mark}admin" LOGIN CREATEROLE CREATEDB'.encode())
        connection.execute(f'CREATE ROLE "{mark}_board"'.encode())  # not by him
        major = connection.info.server_version // 10000
    shop = Shop(dataclasses.replace(target, words={**target.words, "user": f"{mark}admin"}), mark)
    wish = "MARK_board: { dangerous: { bypassrls: for a report }, member_of: [pg_read_server_files] }"
    bad = changed(shop, "MARK_board: {}", wish)
    before = state(target, bad)
    told = "\n".join(found(bad))
    assert f"role {mark}_board: {mark}admin may not give BYPASSRLS" in told
    if major >= 16:  # before, CREATEROLE was power over both
        for role in (f"{mark}_board", "pg_read_server_files"):
            assert f"{mark}admin is no superuser and needs ADMIN OPTION on role {role}" in told
    with pytest.raises(AccessError, match="may not give BYPASSRLS"):
        bad.apply()
    assert state(target, bad) == before


def test_a_table_that_is_not_there_is_told_and_waited_for(target: Target, mark: str) -> None:
    shop = Shop(target, mark)
    shop.apply()
    bad = changed(shop, "audit: { MARK_app: [insert]", "audid: { MARK_app: [insert]")
    part = preview.database(target, bad.spec, bad.database, bad.scripts, major=15)
    told = "pending: table app.audid is not there yet; its rights wait for it (did you mean app.audit?)"
    assert any(told in line for line in preview.lines(part))
