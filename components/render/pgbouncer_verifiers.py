"""How PgBouncer learns a login's SCRAM verifier where nobody may read pg_authid: from a table of ours.

The table lies in the maintenance database alone (`auth_dbname`). The access layer writes each verifier there in the
transaction that sends it to the server, so both hold the same one and SCRAM is passed through.
"""

from __future__ import annotations

# A role that is gone, may not log in, or has expired gets no answer, whatever its row says.
BODY = """
    SELECT login, verifier FROM pgbouncer.verifier JOIN pg_catalog.pg_roles ON rolname = login
    WHERE login = p_user AND rolcanlogin AND NOT rolsuper AND NOT rolreplication AND rolname <> 'pgbouncer'
      AND (rolvaliduntil IS NULL OR rolvaliduntil > pg_catalog.now())
"""
SEARCH_PATH = "pg_catalog, pg_temp"
SCHEMA = "CREATE SCHEMA IF NOT EXISTS pgbouncer"
TABLE = """\
CREATE TABLE IF NOT EXISTS pgbouncer.verifier (
    login text PRIMARY KEY,
    verifier text NOT NULL CHECK (verifier LIKE 'SCRAM-SHA-256%')
)"""
# SECURITY DEFINER with a pinned search_path, as in pgbouncer_sql.py.
FUNCTION = f"""\
CREATE OR REPLACE FUNCTION pgbouncer.get_auth(p_user text) RETURNS TABLE (u text, p text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {SEARCH_PATH} AS $${BODY}$$"""
USE_SCHEMA = "GRANT USAGE ON SCHEMA pgbouncer TO pgbouncer"
USE_FUNCTION = "GRANT EXECUTE ON FUNCTION pgbouncer.get_auth(text) TO pgbouncer"


def install_sql() -> str:
    """Schema, table and function, for a server that has the role pgbouncer. A second run changes nothing.

    Needs CREATEROLE and CREATE in the database, no more.
    """
    steps = (
        SCHEMA,
        "REVOKE ALL ON SCHEMA pgbouncer FROM PUBLIC",
        USE_SCHEMA,
        TABLE,
        "REVOKE ALL ON pgbouncer.verifier FROM PUBLIC",
        FUNCTION,
        "REVOKE ALL ON FUNCTION pgbouncer.get_auth(text) FROM PUBLIC",
        USE_FUNCTION,
    )
    return "".join(f"{step};\n" for step in steps)
