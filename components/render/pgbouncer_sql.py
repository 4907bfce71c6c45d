"""How PgBouncer learns a login's SCRAM verifier: one function, in every database, that only PgBouncer may call."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from components.render.sites import MemberSite

# SECURITY DEFINER with a pinned search_path, else its caller could put objects of their own in its way. The platform's
# own parts and superusers are left out: they never come through the pooler.
INSTALL = """\
CREATE SCHEMA IF NOT EXISTS pgbouncer;
REVOKE ALL ON SCHEMA pgbouncer FROM PUBLIC;
GRANT USAGE ON SCHEMA pgbouncer TO pgbouncer;
CREATE OR REPLACE FUNCTION pgbouncer.get_auth(p_user text) RETURNS TABLE (u text, p text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT rolname::text, rolpassword::text FROM pg_catalog.pg_authid
    WHERE rolname = p_user AND rolcanlogin AND NOT rolsuper AND NOT rolreplication AND rolname <> 'pgbouncer'
      AND (rolvaliduntil IS NULL OR rolvaliduntil > pg_catalog.now())
$$;
REVOKE ALL ON FUNCTION pgbouncer.get_auth(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgbouncer.get_auth(text) TO pgbouncer;
"""

ROLE = """\
SELECT 'CREATE ROLE pgbouncer LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'pgbouncer') \\gexec
"""


MONITOR = """\
SELECT 'CREATE ROLE monitor LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'monitor') \\gexec
GRANT pg_monitor TO monitor;
"""


def monitor_sql() -> str:
    """The role of the exporter beside a server: it reads statistics and nothing else. A second run changes nothing."""
    return MONITOR


def pgbouncer_sql() -> str:
    """A psql script for a new cluster: the role, and the function in postgres and in template1.

    From template1 every database that is made later has it. A second run changes nothing.
    """
    return f"{ROLE}{INSTALL}\\connect template1\n{INSTALL}"


def post_init_script(site: MemberSite, afterwards: Sequence[str] = ()) -> str:
    """The shell script that Patroni runs once, on the member that made the cluster, with a conninfo as its argument.

    `afterwards` is a command whose failure does not stop the cluster from being made.
    """
    psql, script = shlex.quote(f"{site.binaries}/psql"), shlex.quote(site.post_init_sql)
    sql = f'{psql} -X -q -v ON_ERROR_STOP=1 -d "$1" -f {script}'
    return f"#!/bin/sh\n{sql} || exit\n{shlex.join(afterwards)} || true\n" if afterwards else f"#!/bin/sh\nexec {sql}\n"
