-- Roles, memberships, settings and databases, one snapshot. Columns that PostgreSQL 16 brought are read through
-- to_jsonb, so that one text serves every version. A password is read as its verifier's SHA-256, and only by who may.
SELECT json_build_object(
  'roles', (SELECT json_agg(json_build_array(rolname, rolcanlogin, rolsuper, rolinherit, rolcreatedb, rolcreaterole,
              rolreplication, rolbypassrls, rolconnlimit,
              CASE WHEN rolvaliduntil = 'infinity' THEN NULL ELSE rolvaliduntil AT TIME ZONE 'UTC' END,
              shobj_description(oid, 'pg_authid')))
            FROM pg_roles WHERE rolname = ANY(%(roles)s)),
  'members', (SELECT json_agg(json_build_array(g.rolname, m.rolname, m.rolinherit, a.admin_option,
                to_jsonb(a)->'inherit_option', to_jsonb(a)->'set_option',
                CASE WHEN current_setting('server_version_num')::int >= 160000 AND a.grantor <> (SELECT
                  CASE WHEN rolsuper THEN 10 ELSE oid END FROM pg_roles WHERE rolname = current_user)
                  THEN pg_get_userbyid(a.grantor) END))
              FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
              WHERE g.rolname = ANY(%(roles)s) OR m.rolname = ANY(%(roles)s)),
  'settings', (SELECT json_agg(json_build_array(r.rolname, d.datname, s.setconfig))
               FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
               LEFT JOIN pg_database d ON d.oid = s.setdatabase
               WHERE r.rolname = ANY(%(roles)s) AND (s.setdatabase = 0 OR d.datname = ANY(%(databases)s))),
  'databases', (SELECT json_agg(datname) FROM pg_database WHERE datname = ANY(%(databases)s)),
  'objects', (SELECT json_agg(json_build_array(kind, name, pg_get_userbyid(owner), (SELECT json_agg(json_build_array(
                CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type, x.is_grantable,
                CASE WHEN x.grantor <> owner THEN pg_get_userbyid(x.grantor) ELSE '' END))
                FROM aclexplode(acl) x WHERE x.grantee <> owner OR x.grantor <> owner)))
              FROM (SELECT 'tablespace' AS kind, spcname AS name, spcowner AS owner,
                      coalesce(spcacl, acldefault('t', spcowner)) AS acl FROM pg_tablespace
                    UNION ALL SELECT 'parameter', parname, 10, paracl FROM pg_parameter_acl -- 15
                   ) outside),
  'retiring', (SELECT json_agg(json_build_array(r.rolname, r.rolcanlogin,
                 (SELECT count(*) FROM pg_stat_activity WHERE usesysid = r.oid),
                 (SELECT json_agg(DISTINCT d.datname) FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid
                  WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND d.datallowconn),
                 (SELECT json_agg(DISTINCT d.datname) FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid
                  WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND NOT d.datallowconn),
                 EXISTS (SELECT FROM pg_shdepend s
                  WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND s.dbid = 0)))
               FROM pg_roles r WHERE r.rolname = ANY(%(retired)s)),
  'groups', (SELECT json_agg(rolname) FROM pg_roles WHERE rolname = ANY(%(groups)s))
)
