"""Random specs, and random states of a server before them: who owns what, who gave what to whom, which policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st
from psycopg import sql

OWNER, A, B, ODD, OUTSIDER = "MARK_owner", "MARK_a", "MARK_b", 'MARK_ö"d %s', "MARKoutside"
RULED = (A, B, ODD)
SCHEMAS = ("app", "od d")
DATABASE = "MARK_db"
RELATION_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
# What the database holds before anybody gives anything; schema `other` is none of the spec's.
OBJECTS = """
CREATE SCHEMA app; CREATE SCHEMA "od d"; CREATE SCHEMA other;
CREATE TABLE app.t1 (id int, org text, "c 2" int); CREATE TABLE app."T %%2" (id int, org text);
CREATE TABLE app.parts (id int, org text) PARTITION BY LIST (id);
CREATE TABLE app.part1 PARTITION OF app.parts FOR VALUES IN (1);
CREATE VIEW app.v AS SELECT 1 AS id; CREATE MATERIALIZED VIEW app.m AS SELECT 1 AS id; CREATE SEQUENCE app.s;
CREATE FUNCTION app.f(int, text[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE DOMAIN app.d AS int;
CREATE PROCEDURE app.p() LANGUAGE sql AS 'SELECT 1'; CREATE TYPE app.e AS ENUM ('a');
CREATE TABLE "od d".t (id int, org text); CREATE FUNCTION "od d".f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE other.t (id int, org text); CREATE FUNCTION other.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
"""
THINGS = {
    "SCHEMA app": ("USAGE", "CREATE"),
    'SCHEMA "od d"': ("USAGE", "CREATE"),
    "SCHEMA other": ("USAGE", "CREATE"),
    "SCHEMA public": ("USAGE", "CREATE"),
    **dict.fromkeys(
        ("app.t1", 'app."T %2"', "app.parts", "app.part1", "app.v", "app.m", '"od d".t', "other.t"), RELATION_RIGHTS
    ),
    "SEQUENCE app.s": ("USAGE", "SELECT", "UPDATE"),
    "FUNCTION app.f(int, text[])": ("EXECUTE",),
    "PROCEDURE app.p()": ("EXECUTE",),
    'FUNCTION "od d".f()': ("EXECUTE",),
    "FUNCTION other.f()": ("EXECUTE",),
    "TYPE app.d": ("USAGE",),
    "TYPE app.e": ("USAGE",),
    f"DATABASE {DATABASE}": ("CONNECT", "TEMPORARY", "CREATE"),
}
RULES = ("true", "id > 1", "org = current_user", "org = (SELECT nullif(current_setting('app.o', true), ''))")


@dataclass(frozen=True, kw_only=True)
class World:
    """A spec, and statements with the role that says each; the server may refuse some, which then did not happen."""

    spec: Mapping[str, Any]
    prior: tuple[tuple[str, str], ...]

    def text(self, mark: str) -> str:
        return marked(yaml.safe_dump(dict(self.spec), allow_unicode=True, sort_keys=False), mark)


def marked(text: str, mark: str) -> str:
    return text.replace("MARK", mark)


def quoted(role: str) -> str:
    return role if role == "PUBLIC" else sql.Identifier(role).as_string(None)


_anybody = st.sampled_from((*RULED, OUTSIDER, "PUBLIC"))
_speaker = st.sampled_from(("postgres", "postgres", OWNER, *RULED, OUTSIDER))


@st.composite
def _grants(draw: st.DrawFn) -> tuple[str, str]:
    thing = draw(st.sampled_from(tuple(THINGS)))
    words = ", ".join(sorted(draw(st.sets(st.sampled_from(THINGS[thing]), min_size=1))))
    who = draw(_anybody)
    option = " WITH GRANT OPTION" if who != "PUBLIC" and draw(st.booleans()) else ""
    return draw(_speaker), f"GRANT {words} ON {thing} TO {quoted(who)}{option}"


@st.composite
def _others(draw: st.DrawFn) -> tuple[str, str]:
    one, who = quoted(draw(st.sampled_from((OWNER, *RULED)))), quoted(draw(_anybody))
    table = draw(st.sampled_from(("app.t1", 'app."T %2"', "app.parts", '"od d".t', "other.t")))
    place = draw(st.sampled_from(("", " IN SCHEMA app", ' IN SCHEMA "od d"', " IN SCHEMA other")))
    kind, right = draw(st.sampled_from((("TABLES", "SELECT"), ("FUNCTIONS", "EXECUTE"), ("TYPES", "USAGE"))))
    verb, to = draw(st.sampled_from((("GRANT", "TO"), ("REVOKE", "FROM"))))
    statement = draw(
        st.sampled_from(
            (
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {one}{place} {verb} {right} ON {kind} {to} {who}",
                f"ALTER TABLE {table} OWNER TO {one}",
                f"ALTER FUNCTION app.f OWNER TO {one}",
                f"ALTER SCHEMA app OWNER TO {one}",
                f"ALTER DATABASE {DATABASE} OWNER TO {one}",
                f"GRANT SELECT (id), UPDATE (org) ON {table} TO {who}",
                f"REVOKE ALL ON FUNCTION app.f FROM PUBLIC, {one}",
                f"REVOKE ALL ON {table} FROM {one}",
                f"REVOKE SELECT ON {table} FROM {one}",
                f"CREATE POLICY p{draw(st.integers(1, 3))} ON {table} TO {who} USING ({draw(st.sampled_from(RULES))})",
                f"CREATE POLICY p1 ON {table} AS RESTRICTIVE FOR UPDATE TO {who} USING (true) WITH CHECK (id > 1)",
                f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
                f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
                f"ALTER ROLE {one} CREATEDB NOINHERIT CONNECTION LIMIT 3",
                f"ALTER ROLE {one} IN DATABASE {DATABASE} SET work_mem = '8MB'",
                f"ALTER ROLE {quoted(OUTSIDER)} SET work_mem = '8MB'",
                f"GRANT {quoted(A)} TO {quoted(B)}",
                f"GRANT {quoted(B)} TO {quoted(ODD)} WITH ADMIN OPTION",
            )
        )
    )
    return "postgres", statement


_rights = st.fixed_dictionaries(
    {},
    optional={
        "schema": st.lists(st.sampled_from(("usage", "create")), unique=True),
        "tables": st.lists(st.sampled_from([word.lower() for word in RELATION_RIGHTS]), unique=True),
        "sequences": st.lists(st.sampled_from(("usage", "select", "update")), unique=True),
        "functions": st.sampled_from((["execute"], [])),
        "types": st.sampled_from((["usage"], [])),
    },
)
_narrow = st.one_of(
    st.lists(st.sampled_from(("select", "insert", "delete")), unique=True),
    st.fixed_dictionaries({"select": st.sampled_from((["id"], ["id", "org"]))}),
)
_role = st.sampled_from(RULED)
_schema = st.fixed_dictionaries(
    {},
    optional={
        "access": st.dictionaries(_role, _rights, max_size=3),
        "mode": st.sampled_from(("strict", "strict", "report", "add")),
        "creators": st.sampled_from(([OWNER], [OWNER, A], [])),
    },
)
_policy = st.fixed_dictionaries(
    {"to": st.lists(_role, min_size=1, unique=True), "using": st.sampled_from(RULES)},
    optional={
        "for": st.sampled_from((["all"], ["select"], ["update", "delete"])),
        "as": st.sampled_from(("permissive", "restrictive")),
    },
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any world."""
    schemas: dict[str, Any] = {"app": draw(_schema), "od d": draw(_schema)}
    schemas["app"]["tables"] = draw(
        st.dictionaries(st.sampled_from(("t1", "T %2")), st.dictionaries(_role, _narrow, max_size=2), max_size=2)
    )
    database: dict[str, Any] = {"owner": OWNER, "schemas": schemas, "connect": [A]}
    policies = draw(st.dictionaries(st.sampled_from(("p1", "p2")), _policy, max_size=2))
    if policies:
        see_all = {OWNER: {"why": "migrations under FORCE"}}
        database["rls"] = {"see_all": see_all, "tables": {"app.t1": policies}}
    spec = {
        "version": 1,
        "harden": draw(st.booleans()),
        "scope": {"roles": "^MARK_", "mode": draw(st.sampled_from(("strict", "strict", "report", "add")))},
        "roles": {OWNER: {}, A: {}, B: {"member_of": [A]} if draw(st.booleans()) else {}, ODD: {}},
        "databases": {DATABASE: database},
    }
    prior = draw(st.lists(st.one_of(_grants(), _grants(), _others()), max_size=25))
    return World(spec=spec, prior=tuple(prior))
