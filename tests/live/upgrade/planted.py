"""Faults that a person may leave in a database, one each, and what has to be said of them."""

from __future__ import annotations

from dataclasses import dataclass

SYSTEM = "SET allow_system_table_mods = on"


@dataclass(frozen=True, kw_only=True)
class Planted:
    """`sql` is run in a database of its own; `said` and `cure` are of the one fault that comes of it.

    `old` None: as the server is. Where a fault cannot be made on a server of today, the questions are asked as though
    it were of major `old`. `clean` undoes what does not go with the database. `majors`: where it can be made.
    """

    name: str
    sql: tuple[str, ...]
    said: str
    cure: str
    stops: bool = True
    old: int | None = None
    clean: tuple[str, ...] = ()
    majors: tuple[int, ...] = (14, 15, 16, 17)


REG = "holds numbers of the old catalogue"
IN_DATABASE = (
    Planted(
        name="regproc", sql=("CREATE TABLE t (how regproc)",), said=f"column how of table public.t (regproc) {REG}",
        cure="ALTER TABLE public.t ALTER COLUMN how TYPE text or oid, or drop the column",
    ),
    Planted(
        name="regconfig in a domain's array",
        sql=("CREATE DOMAIN d AS regconfig", "CREATE TYPE pair AS (a integer, b d[])", "CREATE TABLE t (c pair)"),
        said=f"column c of table public.t (public.pair) {REG}", cure="ALTER TABLE public.t",
    ),
    Planted(
        name="regnamespace in a view", sql=("CREATE MATERIALIZED VIEW m AS SELECT 'public'::regnamespace AS home",),
        said=f"column home of materialized view public.m (regnamespace) {REG}", cure="DROP MATERIALIZED VIEW public.m",
    ),
    Planted(
        name="row type", sql=("CREATE TABLE t (seen pg_class)",),
        said="column seen of table public.t (pg_class) holds rows of a catalogue", cure="DROP COLUMN seen",
    ),
    Planted(
        name="aclitem", sql=("CREATE TABLE t (rights aclitem[])",), majors=(14, 15),
        said="column rights of table public.t (aclitem[]) has a type whose form", cure="ALTER TABLE public.t",
    ),
    Planted(
        name="sql_identifier", sql=("CREATE TABLE t (a information_schema.sql_identifier)",), old=11,
        said="column a of table public.t (information_schema.sql_identifier) has a type whose", cure="ALTER TABLE",
    ),
    Planted(
        name="abstime", old=11,
        sql=(SYSTEM, "CREATE DOMAIN pg_catalog.abstime AS integer", "CREATE TABLE t (since pg_catalog.abstime)"),
        said="column since of table public.t (abstime) has a type that the new version does not", cure="ALTER TABLE",
    ),
    Planted(
        name="view on what 15 lost", majors=(14,),
        sql=("CREATE VIEW v AS SELECT datlastsysoid FROM pg_database",),
        said="view public.v, which uses pg_database.datlastsysoid names what", cure="DROP VIEW public.v",
    ),
    Planted(
        name="function that 15 lost", majors=(14,), sql=("CREATE VIEW v AS SELECT pg_is_in_backup()",),
        said="view public.v, which uses pg_is_in_backup() names what", cure="DROP VIEW public.v",
    ),
    Planted(
        name="view on what 17 lost", majors=(15, 16),
        sql=("CREATE MATERIALIZED VIEW v AS SELECT * FROM pg_stat_bgwriter",),
        said="materialized view public.v, which uses pg_stat_bgwriter.buffers_backend, pg_stat_bgwriter.buffers_back",
        cure="DROP MATERIALIZED VIEW public.v",
    ),
    Planted(
        name="view on what 18 lost", majors=(14, 15, 16, 17),
        sql=("CREATE VIEW v AS SELECT wal_sync FROM pg_stat_wal",),
        said="view public.v, which uses pg_stat_wal.wal_sync names what", cure="DROP VIEW public.v",
    ),
    Planted(
        name="child that may hold NULL",
        sql=("CREATE TABLE p (a integer NOT NULL)", "CREATE TABLE c () INHERITS (p)",
             "ALTER TABLE c ALTER a DROP NOT NULL"),
        said="column a of table public.c, which public.p says is NOT NULL may hold NULL",
        cure="ALTER TABLE public.c ALTER COLUMN a SET NOT NULL",
    ),
    Planted(
        name="postfix operator", old=13,
        sql=("CREATE OPERATOR !@ (PROCEDURE = int4pl, LEFTARG = integer, RIGHTARG = integer)",
             "UPDATE pg_operator SET oprright = 0 WHERE oprname = '!@'"),
        said="operator public.!@(integer,NONE) stands behind its operand", cure="DROP OPERATOR public.!@",
    ),
    Planted(
        name="conversion", old=13, sql=("CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",),
        said="conversion public.conv calls its function", cure="DROP CONVERSION public.conv",
    ),
    Planted(
        name="aggregate over anyarray", old=13,
        sql=(SYSTEM,
             "CREATE FUNCTION pg_catalog.array_append(anyarray, anyelement) RETURNS anyarray "
             "LANGUAGE sql AS 'SELECT $1'",
             "CREATE AGGREGATE public.gather(anyelement) "
             "(SFUNC = pg_catalog.array_append(anyarray, anyelement), STYPE = anyarray)"),
        said="aggregate public.gather(anyelement), which uses array_append(anyarray,anyelement) takes types",
        cure="DROP AGGREGATE public.gather(anyelement)",
    ),
    Planted(
        name="extension that 17 lost", sql=("CREATE EXTENSION adminpack",), majors=(14, 15, 16),
        said="extension adminpack is not there any more", cure="DROP EXTENSION adminpack",
    ),
    Planted(
        name="extension that is behind", sql=("CREATE EXTENSION pg_stat_statements VERSION '1.8'",), stops=False,
        said="extension pg_stat_statements 1.8, of which this server has", cure="ALTER EXTENSION pg_stat_statements",
    ),
    Planted(
        name="extension that nobody lists", sql=("CREATE EXTENSION lo", "UPDATE pg_extension SET extname = 'ours' "
                                                "WHERE extname = 'lo'"), stops=False,
        said="extension ours is not among those that RDS listed", cure="DROP EXTENSION ours",
    ),
    Planted(
        name="subscription that copies", majors=(17,),
        sql=("CREATE TABLE t (a integer)",
             "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)",
             "INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) "
             "SELECT oid, 't'::regclass, 'd' FROM pg_subscription WHERE subname = 's'"),
        said="subscription s, which still copies public.t (state d) has to be through", cure="DROP SUBSCRIPTION s",
        clean=("ALTER SUBSCRIPTION s SET (slot_name = NONE)", "DROP SUBSCRIPTION s"),
    ),
    Planted(
        name="many large objects", sql=("SELECT lo_create(0) FROM generate_series(1, 20)",), stops=False,
        said="20 large objects make an upgrade slow", cure="vacuumlo",
    ),
    Planted(
        name="collation that moved on", stops=False,
        sql=("CREATE COLLATION german (provider = icu, locale = 'de-DE')", "CREATE TABLE t (a text COLLATE german)",
             "CREATE INDEX ON t (a)", "UPDATE pg_collation SET collversion = '1.2' WHERE collname = 'german'"),
        said="collation public.german: version 1.2, the server has", cure="ALTER COLLATION public.german REFRESH",
    ),
)  # fmt: skip
OF_THE_SERVER = (
    Planted(
        name="slot", sql=("SELECT pg_create_logical_replication_slot('feed', 'pgoutput')",), majors=(14, 15, 16),
        said="logical replication slot feed of database", cure="pg_drop_replication_slot('feed')",
        clean=("SELECT pg_drop_replication_slot('feed')",),
    ),
    Planted(
        name="slot that goes along", sql=("SELECT pg_create_logical_replication_slot('feed', 'pgoutput')",),
        majors=(17,), stops=False, said="is taken along only when", cure="pg_drop_replication_slot('feed')",
        clean=("SELECT pg_drop_replication_slot('feed')",),
    ),
    Planted(
        name="invalid database", sql=("CREATE DATABASE half", "UPDATE pg_database SET datconnlimit = -2 "
                                      "WHERE datname = 'half'"),
        said="database half was being dropped", cure="DROP DATABASE half",
        clean=("UPDATE pg_database SET datconnlimit = -1 WHERE datname = 'half'", "DROP DATABASE half"),
    ),
    Planted(
        name="closed database", sql=("CREATE DATABASE shut ALLOW_CONNECTIONS false",),
        said="database shut lets nobody connect", cure="ALTER DATABASE shut ALLOW_CONNECTIONS true",
        clean=("DROP DATABASE shut",),
    ),
    Planted(
        name="open template0", sql=("ALTER DATABASE template0 ALLOW_CONNECTIONS true",),
        said="database template0 is not as PostgreSQL made it", cure="ALTER DATABASE template0 ALLOW_CONNECTIONS false",
        clean=("ALTER DATABASE template0 ALLOW_CONNECTIONS false",),
    ),
    # A slot waits for transactions that have begun, and a database is made from template1: so these come last.
    Planted(
        name="prepared transaction", sql=("CREATE TABLE t ()", "BEGIN; DROP TABLE t; PREPARE TRANSACTION 'left over'"),
        said="transaction 'left over' in database", cure="ROLLBACK PREPARED 'left over'",
        clean=("ROLLBACK PREPARED 'left over'",),
    ),
    Planted(
        name="no template1",
        sql=("ALTER DATABASE template1 IS_TEMPLATE false", "ALTER DATABASE template1 RENAME TO once"),
        said="database template1 is not as PostgreSQL made it", cure="CREATE DATABASE template1 TEMPLATE template0",
        clean=("ALTER DATABASE once RENAME TO template1", "ALTER DATABASE template1 IS_TEMPLATE true"),
    ),
)  # fmt: skip
