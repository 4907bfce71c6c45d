-- The whole access state of one database, one snapshot. Objects share few distinct ACLs, and row policies few distinct
-- texts, so each distinct one is exploded and sent once. Members of extensions are left out: they are never touched.
-- Run with search_path = pg_catalog, so that pg_get_expr qualifies every name and two runs print one text. Facts of
-- tables are gathered in one pass over each catalogue: a look-up for each table would take the time of the whole rest.
WITH n AS (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = ANY(%(schemas)s)),
ext AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
rel AS MATERIALIZED (SELECT c.oid, n.nspname, c.relname, c.relkind, c.relowner, c.relacl, c.relrowsecurity,
          c.relforcerowsecurity, c.reloptions, c.relispartition
        FROM pg_class c JOIN n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r','p','v','m','f','S')
          AND NOT EXISTS (SELECT FROM ext e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)),
fn AS MATERIALIZED (SELECT n.nspname, p.proname, array_to_string(ARRAY(SELECT format_type(t, NULL)
            FROM unnest(p.proargtypes) WITH ORDINALITY x(t, i) ORDER BY i), ', ') AS types, p.proowner, p.proacl, p.prosecdef, p.proconfig
        FROM pg_proc p JOIN n ON n.oid = p.pronamespace
        WHERE NOT EXISTS (SELECT FROM ext e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)),
obj(kind, sch, name, col, owner, acl) AS (
  SELECT 'schema', '', nspname::text, '', nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM n
  UNION ALL
  SELECT CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'matview' WHEN 'f' THEN 'foreign table'
           ELSE 'table' END, nspname, relname, '', relowner,
         coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, relowner)) FROM rel
  UNION ALL
  SELECT 'column', rel.nspname, rel.relname, a.attname, rel.relowner, a.attacl
  FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL
  SELECT 'routine', nspname, proname, types, proowner, coalesce(proacl, acldefault('f', proowner)) FROM fn
  UNION ALL
  SELECT 'type', n.nspname, t.typname, '', t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
  FROM pg_type t JOIN n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typtype IN ('d','e','r','c') AND (c.oid IS NULL OR c.relkind = 'c')
    AND NOT EXISTS (SELECT FROM ext e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid)
  UNION ALL
  SELECT 'language', '', lanname, '', lanowner, coalesce(lanacl, acldefault('l', lanowner)) FROM pg_language l
  WHERE lanpltrusted AND (lanname NOT IN ('sql') AND NOT EXISTS (SELECT FROM ext e WHERE e.classid = 'pg_language'::regclass
    AND e.objid = l.oid) OR 'language/' || lanname = ANY(%(named)s))
  UNION ALL
  SELECT 'foreign data wrapper', '', fdwname, '', fdwowner, coalesce(fdwacl, acldefault('F', fdwowner))
  FROM pg_foreign_data_wrapper f WHERE NOT EXISTS (SELECT FROM ext e WHERE e.classid = 'pg_foreign_data_wrapper'::regclass
    AND e.objid = f.oid) OR 'foreign data wrapper/' || fdwname = ANY(%(named)s)
  UNION ALL
  SELECT 'foreign server', '', srvname, '', srvowner, coalesce(srvacl, acldefault('S', srvowner)) FROM pg_foreign_server
  UNION ALL
  SELECT 'large object', '', oid::text, '', lomowner, coalesce(lomacl, acldefault('L', lomowner))
  FROM pg_largeobject_metadata WHERE lomacl IS NOT NULL OR 'large object/' || oid::text = ANY(%(named)s)
  UNION ALL
  SELECT 'database', '', datname, '', datdba, coalesce(datacl, acldefault('d', datdba))
  FROM pg_database WHERE datname = current_database()),
d AS MATERIALIZED (SELECT row_number() OVER () AS id, kind, owner, acl, json_agg(json_build_array(sch, name, col)) AS objs
        FROM obj GROUP BY kind, owner, acl),
def AS MATERIALIZED (SELECT pg_get_userbyid(x.defaclrole) AS creator, coalesce(s.nspname, '') AS sch,
          CASE x.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' ELSE 'types' END
            AS kind, x.defaclrole, x.defaclacl
        FROM pg_default_acl x LEFT JOIN n s ON s.oid = x.defaclnamespace
        WHERE x.defaclobjtype IN ('r','S','f','T') AND (x.defaclnamespace = 0 OR s.oid IS NOT NULL)),
pol AS MATERIALIZED (SELECT polname, polcmd, polpermissive, polroles, pg_get_expr(polqual, polrelid) AS shown,
          pg_get_expr(polwithcheck, polrelid) AS checked, rel.nspname, rel.relname
        FROM pg_policy JOIN rel ON rel.oid = polrelid),
tab AS MATERIALIZED (SELECT oid, nspname, relname, relispartition FROM rel
        WHERE relkind IN ('r','p') AND nspname = ANY(%(row_security)s)),
col AS MATERIALIZED (SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod FROM pg_attribute a
        JOIN tab ON tab.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped),
cols AS (SELECT attrelid, json_object_agg(attname, format_type(atttypid, atttypmod) ORDER BY attnum) AS types
         FROM col GROUP BY attrelid),
idx AS MATERIALIZED (SELECT i.indrelid, i.indexrelid, i.indkey, i.indisvalid, i.indisunique AND NOT i.indisprimary AS uniq
        FROM pg_index i JOIN tab ON tab.oid = i.indrelid),
led AS (SELECT idx.indrelid, json_agg(DISTINCT col.attname) AS names
        FROM idx JOIN col ON col.attrelid = idx.indrelid AND col.attnum = idx.indkey[0] WHERE idx.indisvalid GROUP BY 1),
uni AS (SELECT one.indrelid, json_agg(json_build_array(i.relname, one.names)) AS uniques FROM (
          SELECT idx.indrelid, idx.indexrelid, json_agg(col.attname) FILTER (WHERE col.attnum = ANY(idx.indkey)) AS names
          FROM idx JOIN col ON col.attrelid = idx.indrelid WHERE idx.uniq GROUP BY 1, 2) one
        JOIN pg_class i ON i.oid = one.indexrelid GROUP BY 1),
ref AS (SELECT one.conrelid, json_agg(json_build_array(one.conname, one.names, ts.nspname, t.relname)) AS refs FROM (
          SELECT k.conrelid, k.confrelid, k.conname, json_agg(col.attname) FILTER (WHERE col.attnum = ANY(k.conkey)) AS names
          FROM pg_constraint k JOIN col ON col.attrelid = k.conrelid WHERE k.contype = 'f' GROUP BY 1, 2, 3) one
        JOIN pg_class t ON t.oid = one.confrelid JOIN pg_namespace ts ON ts.oid = t.relnamespace GROUP BY 1)
SELECT json_build_object(
  'objects', (SELECT json_agg(json_build_array(id, kind, pg_get_userbyid(owner), objs)) FROM d),
  'acls', (SELECT json_agg(json_build_array(d.id, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END,
             x.privilege_type, x.is_grantable, CASE WHEN x.grantor <> d.owner THEN pg_get_userbyid(x.grantor) ELSE '' END))
           FROM d, aclexplode(d.acl) x WHERE x.grantee <> d.owner OR x.grantor <> d.owner),
  'defaults', (SELECT json_agg(json_build_array(creator, sch, kind, (SELECT coalesce(json_agg(json_build_array(
             CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type, x.is_grantable)), '[]')
             FROM aclexplode(defaclacl) x WHERE x.grantee <> defaclrole))) FROM def),
  'extensions', (SELECT json_agg(json_build_array(extname, extversion, nspname))
                 FROM pg_extension e JOIN pg_namespace s ON s.oid = e.extnamespace),
  'security', (SELECT json_agg(json_build_array(nspname, relname, relrowsecurity, relforcerowsecurity))
               FROM rel WHERE relkind IN ('r','p') AND (relrowsecurity OR relforcerowsecurity)),
  'policies', (SELECT json_agg(json_build_array(polname, polcmd, polpermissive,
                 (SELECT json_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text END) FROM unnest(polroles) r),
                 shown, checked, tables))
               FROM (SELECT polname, polcmd, polpermissive, polroles, shown, checked,
                       json_agg(json_build_array(nspname, relname)) AS tables
                     FROM pol GROUP BY polname, polcmd, polpermissive, polroles, shown, checked) alike),
  'relations', (SELECT json_agg(json_build_array(nspname, relname, cols.types, led.names,
                 CASE WHEN relispartition THEN (SELECT json_build_array(ps.nspname, p.relname) FROM pg_inherits h
                  JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace ps ON ps.oid = p.relnamespace
                  WHERE h.inhrelid = tab.oid) END, uni.uniques, ref.refs))
                FROM tab LEFT JOIN cols ON cols.attrelid = tab.oid LEFT JOIN led ON led.indrelid = tab.oid
                LEFT JOIN uni ON uni.indrelid = tab.oid LEFT JOIN ref ON ref.conrelid = tab.oid),
  'columns', (SELECT json_agg(json_build_array(nspname, relname, (SELECT json_agg(attname) FROM pg_attribute
                 WHERE attrelid = rel.oid AND attnum > 0 AND NOT attisdropped)))
               FROM rel WHERE relkind <> 'S' AND nspname = ANY(%(columned)s)),
  'routines', (SELECT json_agg(json_build_array(nspname, proname, types,
                 pg_get_userbyid(proowner), proconfig)) FROM fn WHERE prosecdef),
  'definer_views', (SELECT json_agg(json_build_array(nspname, relname, (SELECT json_agg(DISTINCT jsonb_build_array(ts.nspname,
                 t.relname)) FROM pg_rewrite w JOIN pg_depend dep ON dep.classid = 'pg_rewrite'::regclass AND dep.objid = w.oid
                 AND dep.refclassid = 'pg_class'::regclass JOIN pg_class t ON t.oid = dep.refobjid AND t.relkind IN ('r','p')
                 JOIN pg_namespace ts ON ts.oid = t.relnamespace WHERE w.ev_class = rel.oid)))
                 FROM rel WHERE relkind = 'v' AND NOT coalesce(
                 reloptions && '{security_invoker=true,security_invoker=on,security_invoker=1,security_invoker=yes}', false)),
  'sessions', (SELECT json_object_agg(usename, many) FROM (SELECT usename, count(*) AS many FROM pg_stat_activity
               WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid() GROUP BY usename) s),
  'memberships', (SELECT json_agg(json_build_array(pg_get_userbyid(member), pg_get_userbyid(roleid))) FROM pg_auth_members a
                  WHERE coalesce((to_jsonb(a)->>'inherit_option')::bool OR (to_jsonb(a)->>'set_option')::bool, true)),
  'bypass', (SELECT json_agg(rolname) FROM pg_roles WHERE rolsuper OR rolbypassrls),
  'superusers', (SELECT json_agg(rolname) FROM pg_roles WHERE rolsuper)
)
