"""What a server's catalogue says, in words of its own: nothing here asks the access layer how to read it."""

from __future__ import annotations

from typing import Any, NamedTuple

from components.access.session import Connection, Target
from tests.live.exactness.declared import Policy
from tests.live.exactness.things import DATABASE, SCHEMAS, marked

# Every ACL entry of the database: place, thing, owner, grantee, right, may pass on, who gave it.
ENTRIES = """
WITH thing AS (
    SELECT n.nspname AS place, 'schema' AS kind, '' AS name, n.nspowner AS owner,
           coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl
    FROM pg_namespace n
    UNION ALL SELECT n.nspname, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'relation' END, c.relname, c.relowner,
           coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT n.nspname, 'column', c.relname || '.' || a.attname, c.relowner, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL
    UNION ALL SELECT n.nspname, 'routine', p.proname, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    UNION ALL SELECT n.nspname, 'type', t.typname, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('d', 'e')
    UNION ALL SELECT '', 'language', lanname, lanowner, coalesce(lanacl, acldefault('l', lanowner))
    FROM pg_language WHERE lanname = 'plpgsql'
    UNION ALL SELECT '', 'large object', oid::text, lomowner, coalesce(lomacl, acldefault('L', lomowner))
    FROM pg_largeobject_metadata
    UNION ALL SELECT '', 'tablespace', spcname, spcowner, coalesce(spcacl, acldefault('t', spcowner))
    FROM pg_tablespace
    UNION ALL SELECT '', 'database', d.datname, d.datdba, coalesce(d.datacl, acldefault('d', d.datdba))
    FROM pg_database d WHERE d.datname = current_database())
SELECT place, kind, name, pg_get_userbyid(owner),
       CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type, x.is_grantable,
       CASE x.grantor WHEN owner THEN '' ELSE pg_get_userbyid(x.grantor) END
FROM thing, aclexplode(acl) x
WHERE place !~ '^pg_' AND place <> 'information_schema' AND x.grantee <> owner
"""
PARAMETER_ENTRIES = """
SELECT '', 'parameter', parname, 'postgres', CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END,
       x.privilege_type, x.is_grantable, '' FROM pg_parameter_acl, aclexplode(paracl) x WHERE x.grantee <> 10
"""
# Of the listed schemas: everything of an object but who owns it, who may do what with it, and its row policies.
SHAPES = {
    "pg_class": "relacl relowner relrowsecurity relforcerowsecurity relpages reltuples relallvisible relallfrozen "
    "relfrozenxid relminmxid",
    "pg_attribute": "attacl",
    "pg_proc": "proacl proowner",
    "pg_type": "typacl typowner",
    "pg_namespace": "nspacl nspowner",
}
_OF = {
    "pg_class": "relnamespace",
    "pg_proc": "pronamespace",
    "pg_type": "typnamespace",
    "pg_constraint": "connamespace",
}
# Everything that no spec of the test's scope speaks of, whole rows as the catalogue stores them.
OUTSIDE = {
    **{
        f"other's {table}": f"SELECT t.* FROM {table} t WHERE {column} = 'other'::regnamespace"
        for table, column in _OF.items()
        if table != "pg_class"
    },
    "other": "SELECT oid, nspname, nspowner, nspacl::text FROM pg_namespace WHERE nspname = 'other'",
    "other's relations": "SELECT oid, relname, relowner, relacl::text, relrowsecurity, relforcerowsecurity, "
    "relfilenode FROM pg_class WHERE relnamespace = 'other'::regnamespace",
    "other's columns": "SELECT attrelid, attname, attacl::text FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid "
    "WHERE c.relnamespace = 'other'::regnamespace",
    "policies": "SELECT c.oid::regclass::text, p.* FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid "
    "WHERE NOT c.oid::regclass::text = ANY (%(tables)s)",
    "row security": "SELECT oid, relrowsecurity, relforcerowsecurity FROM pg_class "
    "WHERE oid >= 16384 AND NOT oid::regclass::text = ANY (%(tables)s)",
    "defaults": "SELECT * FROM pg_default_acl WHERE defaclnamespace = 'other'::regnamespace",
    "defaults of others": "SELECT defaclrole, defaclnamespace, defaclobjtype, x.* FROM pg_default_acl d, "
    "aclexplode(defaclacl) x WHERE pg_get_userbyid(x.grantee) = %(outsider)s",
    "roles": "SELECT r.* FROM pg_roles r WHERE rolname IN (%(outsider)s, %(admin)s) OR rolname !~ %(mark)s",
    "memberships": "SELECT roleid, member, admin_option FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member "
    "WHERE rolname = %(outsider)s OR rolname !~ %(mark)s",
    "settings": "SELECT s.* FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = setrole "
    "WHERE rolname IS NULL OR rolname = %(outsider)s",
    "databases": "SELECT * FROM pg_database WHERE datname !~ %(mark)s",
    "extensions": "SELECT * FROM pg_extension",
    **{
        f"shape of {table}": f"SELECT to_jsonb(t) - string_to_array('{without}', ' ') FROM {table} t WHERE "
        + (f"{_OF[table]} >= 2200" if table in _OF else "attrelid >= 16384" if table == "pg_attribute" else "true")
        for table, without in SHAPES.items()
    },
}


class Entry(NamedTuple):
    """A right that somebody holds beside the owner."""

    schema: str
    kind: str
    name: str
    owner: str
    grantee: str
    privilege: str
    grantable: bool
    grantor: str


def opened(target: Target, mark: str) -> Connection:
    """A superuser's session in the world's database."""
    return target.open(marked(DATABASE, mark))


def entries(connection: Connection) -> set[Entry]:
    """Every right that anybody holds beside the owners."""
    queries = (ENTRIES, *((PARAMETER_ENTRIES,) if connection.info.server_version >= 150000 else ()))
    return {Entry(*row) for query in queries for row in _rows(connection, query)}


def outside(target: Target, mark: str, tables: list[str], *, hardened: bool) -> dict[str, Any]:
    """What must be as before, byte for byte; `tables` are those whose row policies the spec rules."""
    names = [name if name.islower() else '"{}"."{}"'.format(*name.split(".")) for name in tables]
    names = [name.replace('"app"', "app") for name in names]
    words = {"outsider": f"{mark}outside", "admin": f"{mark}admin", "mark": f"^{mark}", "tables": names}
    with opened(target, mark) as connection:
        found: dict[str, Any] = {
            name: sorted(map(repr, _rows(connection, query, words))) for name, query in OUTSIDE.items()
        }
        others = {words["outsider"]} | (set() if hardened else {"PUBLIC"})
        listed = [one for one in entries(connection) if one.grantee in others]
    # Who stands as the grantor changes with the owner; who holds what does not.
    found["rights of others"] = sorted(
        (*one[:3], *one[4:7]) for one in listed if one.schema in (*SCHEMAS, "public", "")
    )
    return found


def policies(connection: Connection) -> dict[str, set[Policy]]:
    """Row policies of the tables that are switched on, for their owners as well."""
    query = """
    SELECT n.nspname || '.' || c.relname, polname, polcmd, polpermissive,
           ARRAY(SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END FROM unnest(polroles) r),
           pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
    FROM pg_policy JOIN pg_class c ON c.oid = polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE relrowsecurity AND relforcerowsecurity
    """
    found: dict[str, set[Policy]] = {}
    for table, name, command, permissive, roles, *expressions in _rows(connection, query):
        using, check = (" ".join(text.split()) if text else None for text in expressions)
        found.setdefault(table, set()).add(Policy(name, command, permissive, tuple(sorted(roles)), using, check))
    return found


def memberships(connection: Connection) -> set[tuple[str, str]]:
    """(group, member), whoever granted it."""
    query = "SELECT DISTINCT pg_get_userbyid(roleid), pg_get_userbyid(member) FROM pg_auth_members"
    return {(group, member) for group, member in _rows(connection, query)}


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
        return sorted(repr(row) for query in queries for row in _rows(connection, query))


def shared(target: Target, mark: str) -> list[str]:
    """What is no database's own of the world's roles: what they are, who is in whom, their settings and rights."""
    queries = (
        "SELECT * FROM pg_authid WHERE rolname ^@ %(mark)s",
        "SELECT roleid::regrole::text, member::regrole::text, to_jsonb(m) - 'oid' FROM pg_auth_members m "
        "JOIN pg_roles r ON r.oid = member WHERE rolname ^@ %(mark)s",
        "SELECT s.* FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole WHERE rolname ^@ %(mark)s",
        "SELECT datname, datdba, datacl::text FROM pg_database WHERE datname ^@ %(mark)s",
        "SELECT d.* FROM pg_shdescription d JOIN pg_roles r ON r.oid = objoid WHERE rolname ^@ %(mark)s",
    )
    with target.open() as connection:
        found = [repr(row) for query in queries for row in _rows(connection, query, {"mark": mark})]
        if connection.info.server_version >= 150000:
            found += map(repr, _rows(connection, PARAMETER_ENTRIES))
        return sorted(found)


def _rows(connection: Connection, query: str, words: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode(), words or None).fetchall()
