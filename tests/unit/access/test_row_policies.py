"""How a spec's expressions become SQL, and which of them the server need be asked about only once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.access.model import Facts, Relation, Server, Table
from components.access.row_policies import RowSecurity, compiled, in_place, said, wanted
from components.access.scope import Scope
from components.access.spec import loads
from components.access.spec.row_policies import Context

CONTEXT = {
    "org": Context(setting="app.org", type="uuid"),
    "name": Context(setting="app.name", type="text"),
}
ORG = "(SELECT nullif(current_setting('app.org', true), '')::uuid)"


@pytest.mark.parametrize(
    "source, made",
    [
        ("true", "true"),
        ("org = :org", f"org = {ORG}"),
        ("org=:org", f"org={ORG}"),
        ("id::text = :org", f"id::text = {ORG}"),
        ("name = :name", "name = (SELECT nullif(current_setting('app.name', true), ''))"),
        ("note = 'see :org'", "note = 'see :org'"),
        ("note = 'it''s :org' and org = :org", f"note = 'it''s :org' and org = {ORG}"),
        ('":org" = 1', '":org" = 1'),
        ("a[1:n] = b", "a[1:n] = b"),
    ],
)
def test_context_is_read_once_and_as_null_where_it_is_unset(source: str, made: str) -> None:
    assert compiled(source, CONTEXT) == made


@given(st.sampled_from("'\""), st.text(alphabet=" abc:orgn", max_size=30))
def test_what_is_quoted_stays_as_it_is(quote: str, text: str) -> None:
    quoted = f"{quote}{text}{quote}"
    assert compiled(f"{quoted} = :org", CONTEXT) == f"{quoted} = {ORG}"


SPEC = """
version: 1
roles: { o: {}, app: { login: true }, other: {}, boss: {} }
databases:
  shop:
    owner: o
    schemas: { a: {} }
    rls:
      context: { org: { setting: app.org, type: uuid } }
      tenant:
        schemas: [a]
        column: org
        using: "org = :org"
        to: [app, other]
        exempt: { a.free: "no tenant's" }
        see_all: { boss: { for: [select], why: board report }, o: { why: migrations under FORCE } }
      tables:
        a.own: { mine: { for: [select, insert], to: [app], using: "id = 1" } }
        a.free: { all_of_it: { to: [app], using: "true" } }
        a.later: { x: { to: [app], using: "true" } }
"""


def made(**tables: dict[str, str]) -> RowSecurity:
    spec = loads(SPEC, "a.yaml").spec
    relations = {Table("a", name): Relation(columns=columns) for name, columns in tables.items()}
    rls = spec.databases["shop"].rls
    assert rls
    return wanted(rls, Scope(spec, "postgres"), Facts(server=Server(), relations=relations))


def policies(found: RowSecurity, name: str) -> dict[str, tuple[str, bool, tuple[str, ...]]]:
    by_name = found.policies[Table("a", name)]
    return {called: (policy.command, policy.permissive, policy.roles) for called, policy in by_name.items()}


@pytest.mark.parametrize(
    "text, parsed",
    [
        ("org = :o", "org = $1"),
        ("org = :organization AND x::int = 1", f"org = $1{' ' * 11} AND x::int = 1"),
        ("a = ':org' AND \":org\" = :org", "a = ':org' AND \":org\" = $1  "),
    ],
)
def test_what_is_parsed_keeps_every_character_in_its_place(text: str, parsed: str) -> None:
    assert in_place(text) == parsed
    assert len(parsed) == len(text)


def test_every_expression_is_known_by_its_path() -> None:
    rls = loads(SPEC, "a.yaml").spec.databases["shop"].rls
    assert rls
    assert said(rls) == {
        ("tenant", "using"): "org = :org",
        ("tables", "a.own", "mine", "using"): "id = 1",
        ("tables", "a.free", "all_of_it", "using"): "true",
        ("tables", "a.later", "x", "using"): "true",
    }


def test_a_tenants_table() -> None:
    assert policies(made(plain={"org": "uuid"}), "plain") == {
        "tenant_floor": ("all", False, ("app", "other")),
        "tenant_rows": ("all", True, ("app", "other")),
        "see_all": ("all", True, ("o",)),
        "see_all_select": ("select", True, ("boss",)),
    }


def test_a_policy_of_a_tables_own_replaces_the_tenants_rows_but_never_the_floor() -> None:
    assert policies(made(own={"org": "uuid", "id": "integer"}), "own") == {
        "tenant_floor": ("all", False, ("app", "other")),
        "tenant_rows": ("all", True, ("other",)),
        "mine_select": ("select", True, ("app",)),
        "mine_insert": ("insert", True, ("app",)),
        "see_all": ("all", True, ("o",)),
        "see_all_select": ("select", True, ("boss",)),
    }
    mine = made(own={"org": "uuid", "id": "integer"}).policies[Table("a", "own")]
    assert (mine["mine_select"].using_source, mine["mine_select"].check_source) == ("id = 1", None)
    assert (mine["mine_insert"].using_source, mine["mine_insert"].check_source) == (None, "id = 1")


def test_an_exempt_table_has_only_its_own_and_a_missing_one_waits() -> None:
    found = made(free={"org": "uuid"})
    assert set(policies(found, "free")) == {"all_of_it"}
    assert "table a.later is not there yet; its row policies wait for it" in found.pending


def test_the_server_is_asked_once_for_tables_with_the_same_column() -> None:
    found = made(one={"org": "uuid", "x": "text"}, two={"org": "uuid"}, three={"org": "text"})
    floors = [found.twins[Table("a", name), "tenant_floor"].key for name in ("one", "two", "three")]
    assert floors[0] == floors[1] != floors[2]
