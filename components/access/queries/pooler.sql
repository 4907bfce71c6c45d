-- What there is of PgBouncer's own in this database: the table of verifiers, the function that tells them, and who else
-- than their owner may use them.
SELECT json_build_object(
  'schema', to_regnamespace('pgbouncer') IS NOT NULL,
  'table', to_regclass('pgbouncer.verifier') IS NOT NULL,
  'key', EXISTS (SELECT FROM pg_index WHERE indrelid = to_regclass('pgbouncer.verifier') AND indisprimary),
  'function', (SELECT json_build_array(prosrc, prosecdef, provolatile, proconfig) FROM pg_proc
               WHERE oid = to_regprocedure('pgbouncer.get_auth(text)')),
  'connect', has_database_privilege(to_regrole('pgbouncer')::oid, current_database(), 'CONNECT'),
  'rights', (SELECT json_agg(json_build_array(item,
               CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type))
             FROM (SELECT 'SCHEMA pgbouncer' AS item, nspowner AS owner, coalesce(nspacl, acldefault('n', nspowner)) AS acl
                   FROM pg_namespace WHERE nspname = 'pgbouncer'
                   UNION ALL SELECT 'TABLE pgbouncer.verifier', relowner, coalesce(relacl, acldefault('r', relowner))
                   FROM pg_class WHERE oid = to_regclass('pgbouncer.verifier')
                   UNION ALL SELECT 'FUNCTION pgbouncer.get_auth(text)', proowner, coalesce(proacl, acldefault('f', proowner))
                   FROM pg_proc WHERE oid = to_regprocedure('pgbouncer.get_auth(text)')) own, aclexplode(acl) x
             WHERE x.grantee <> owner)
)
