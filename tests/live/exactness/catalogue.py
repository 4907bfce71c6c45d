"""What a server's catalogue says, in words of its own: nothing here asks the access layer."""

from __future__ import annotations

from typing import Any

from components.access.session import Connection, Target
from tests.live.exactness.worlds import DATABASE, SCHEMAS

# Every ACL entry of the database: place, thing, owner, grantee, right, may pass on.
ENTRIES = """
WITH thing AS (
    SELECT n.nspname AS place, 'schema' AS kind, '' AS name, n.nspowner AS owner,
           coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl
    FROM pg_namespace n
    UNION ALL SELECT n.nspname, 'relation', c.relname, c.relowner,
           coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT n.nspname, 'column', c.relname || '.' || a.attname, c.relowner, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL
    UNION ALL SELECT n.nspname, 'routine', p.proname, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    UNION ALL SELECT n.nspname, 'type', t.typname, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('d', 'e')
    UNION ALL SELECT '', 'database', d.datname, d.datdba, coalesce(d.datacl, acldefault('d', d.datdba))
    FROM pg_database d WHERE d.datname = current_database())
SELECT place, kind, name, pg_get_userbyid(owner),
       CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type, x.is_grantable
FROM thing, aclexplode(acl) x
WHERE place !~ '^pg_' AND place <> 'information_schema' AND x.grantee <> owner
"""
# Everything that no spec of the test's scope speaks of, as the catalogue stores it.
OUTSIDE = {
    "schema": "SELECT nspname, nspowner, nspacl::text FROM pg_namespace WHERE nspname = 'other'",
    "relations": "SELECT c.relname, c.relowner, c.relacl::text, c.relrowsecurity, c.relforcerowsecurity "
    "FROM pg_class c WHERE c.relnamespace = 'other'::regnamespace",
    "routines": "SELECT proname, proowner, proacl::text FROM pg_proc WHERE pronamespace = 'other'::regnamespace",
    "columns": "SELECT attrelid, attname, attacl::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
    "WHERE c.relnamespace = 'other'::regnamespace",
    "policies": "SELECT c.oid::regclass::text, polname, polcmd, polpermissive, polroles, "
    "pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) "
    "FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.oid <> 'app.t1'::regclass",
    "defaults": "SELECT pg_get_userbyid(defaclrole), defaclobjtype, defaclacl::text FROM pg_default_acl "
    "WHERE defaclnamespace = 'other'::regnamespace",
    "roles": "SELECT r.* FROM pg_roles r WHERE rolname = %(outsider)s OR rolname !~ %(mark)s",
    "settings": "SELECT s.* FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole WHERE rolname = %(outsider)s",
    "databases": "SELECT datname, datdba, datacl::text FROM pg_database WHERE datname !~ %(mark)s",
    "bodies": "SELECT oid, prosrc, probin FROM pg_proc WHERE pronamespace = 'app'::regnamespace",
}


def entries(target: Target, mark: str) -> set[tuple[Any, ...]]:
    """Every right that anybody holds beside the owners."""
    with target.open(DATABASE.replace("MARK", mark)) as connection:
        return set(connection.execute(ENTRIES.encode()).fetchall())


def outside(target: Target, mark: str, *, hardened: bool) -> dict[str, Any]:
    """What must be as before, byte for byte; and which rights the outsider (and PUBLIC) holds on what is listed."""
    words = {"outsider": f"{mark}outside", "mark": f"^{mark}"}
    with target.open(DATABASE.replace("MARK", mark)) as connection:
        found = {name: sorted(map(repr, _rows(connection, query, words))) for name, query in OUTSIDE.items()}
    others = {words["outsider"]} | (set() if hardened else {"PUBLIC"})
    listed = {one for one in entries(target, mark) if one[4] in others and one[0] in (*SCHEMAS, "", "public")}
    # A right of the owner is no entry: what changes its owner changes nobody's rights beside it.
    return {**found, "listed": sorted((*one[:3], *one[4:]) for one in listed)}


def everything(target: Target, database: str) -> list[str]:
    """The whole database's rights, owners and policies, to see that nothing at all has changed."""
    with target.open(database) as connection:
        queries = (
            ENTRIES,
            "SELECT oid, relowner, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relnamespace > 16000",
            "SELECT polname, polrelid, polroles, pg_get_expr(polqual, polrelid) FROM pg_policy",
            "SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname !~ '^pg_temp|^pg_toast_temp'",
            "SELECT defaclrole, defaclnamespace, defaclobjtype, defaclacl::text FROM pg_default_acl",
            "SELECT extname, extversion FROM pg_extension",
        )
        return sorted(repr(row) for query in queries for row in _rows(connection, query, {}))


def _rows(connection: Connection, query: str, words: dict[str, str]) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode(), words or None).fetchall()
