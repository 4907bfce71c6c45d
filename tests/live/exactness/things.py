"""The names of the random worlds, what their database holds, and who may be given what on it."""

from __future__ import annotations

from psycopg import sql

# MARK_ is what the spec's scope rules; the outsider and the administrator are none of its business.
OWNER, A, B, ODD, OLD = "MARK_owner", "MARK_a", "MARK_b", 'MARK_ö"d %s', "MARK_old"
OUTSIDER, ADMIN = "MARKoutside", "MARKadmin"
RULED = (A, B, ODD)
SCHEMAS = ("app", "od d")
DATABASE = "MARK_db"
LARGE_OBJECT = "4711"
RELATION_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
RELATIONS = {"app": ("t1", "T %2", "parts", "part1", "v", "m"), "od d": ("t",)}
TENANT_TABLES = ("app.T %2", "app.part1", "app.parts", "app.t1")
# What the database holds before anybody gives anything; schema `other` is none of the spec's.
OBJECTS = """
CREATE SCHEMA app; CREATE SCHEMA "od d"; CREATE SCHEMA other;
CREATE TABLE app.t1 (id int, org text, "c 2" int); CREATE TABLE app."T %2" (id int, org text);
CREATE TABLE app.parts (id int, org text) PARTITION BY LIST (id);
CREATE TABLE app.part1 PARTITION OF app.parts FOR VALUES IN (1);
CREATE INDEX ON app.t1 (org); CREATE INDEX ON app."T %2" (org); CREATE INDEX ON app.parts (org);
CREATE VIEW app.v AS SELECT 1 AS id; CREATE MATERIALIZED VIEW app.m AS SELECT 1 AS id; CREATE SEQUENCE app.s;
CREATE FUNCTION app.f(int, text[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE DOMAIN app.d AS int;
CREATE PROCEDURE app.p() LANGUAGE sql AS 'SELECT 1'; CREATE TYPE app.e AS ENUM ('a');
CREATE TABLE "od d".t (id int, org text); CREATE FUNCTION "od d".f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE other.t (id int, org text); CREATE FUNCTION other.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE SEQUENCE other.s; CREATE TYPE other.e AS ENUM ('a'); SELECT lo_create(4711);
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
    "SEQUENCE other.s": ("USAGE", "SELECT", "UPDATE"),
    "FUNCTION app.f(int, text[])": ("EXECUTE",),
    "PROCEDURE app.p()": ("EXECUTE",),
    'FUNCTION "od d".f()': ("EXECUTE",),
    "FUNCTION other.f()": ("EXECUTE",),
    "TYPE app.d": ("USAGE",),
    "TYPE app.e": ("USAGE",),
    "TYPE other.e": ("USAGE",),
    "LANGUAGE plpgsql": ("USAGE",),
    f"LARGE OBJECT {LARGE_OBJECT}": ("SELECT", "UPDATE"),
    f"DATABASE {DATABASE}": ("CONNECT", "TEMPORARY", "CREATE"),
}
PARAMETERS = ("work_mem", "log_min_duration_statement")
# As a spec says it -> as PostgreSQL prints it, but for white space.
RULES = {
    "true": "true",
    "id > 1": "(id > 1)",
    "org = current_user": "(org = CURRENT_USER)",
    "org = :o": "(org = ( SELECT NULLIF(current_setting('app.o'::text, true), ''::text) AS \"nullif\"))",
}


def marked(text: str, mark: str) -> str:
    return text.replace("MARK", mark)


def quoted(role: str) -> str:
    return role if role == "PUBLIC" else sql.Identifier(role).as_string(None)
