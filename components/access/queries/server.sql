-- What a plan must know of the server: version, who we are, which of the wanted extensions it could have. That is read of
-- the server's files, all of them each time, so it is asked once and of nothing but what is wanted.
WITH v AS MATERIALIZED (SELECT * FROM pg_available_extension_versions() WHERE name = ANY(%(extensions)s))
SELECT json_build_object(
  'version', current_setting('server_version_num')::int,
  'me', current_user,
  'powers', (SELECT json_build_object('createrole', m.rolcreaterole, 'createdb', m.rolcreatedb,
      'replication', m.rolreplication, 'bypassrls', m.rolbypassrls,
      'superusers', (SELECT json_agg(rolname) FROM pg_roles WHERE rolsuper),
      'uses', (SELECT json_agg(rolname) FROM pg_roles r WHERE pg_has_role(r.oid, 'USAGE')),
      'becomes', (SELECT json_agg(rolname) FROM pg_roles r WHERE pg_has_role(r.oid,
          CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)),
      'administers', (SELECT json_agg(rolname) FROM pg_roles r WHERE pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')))
    FROM pg_roles m WHERE m.rolname = current_user AND NOT m.rolsuper),
  'preloaded', CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'MEMBER')
                    THEN current_setting('shared_preload_libraries') END,
  'connections', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                 - coalesce(current_setting('reserved_connections', true)::int, 0),
  'cron_database', current_setting('cron.database_name', true),
  'pooler_table', coalesce(has_schema_privilege(to_regnamespace('pgbouncer'), 'USAGE')
                  AND has_table_privilege(to_regclass('pgbouncer.verifier'), 'SELECT')
                  AND has_table_privilege(to_regclass('pgbouncer.verifier'), 'INSERT')
                  AND has_table_privilege(to_regclass('pgbouncer.verifier'), 'UPDATE'), false),
  'infrastructure', (SELECT json_agg(rolname) FROM pg_roles WHERE rolcanlogin AND rolname = ANY(%(infrastructure)s)),
  'available', CASE WHEN cardinality(%(extensions)s::text[]) > 0 THEN coalesce((
      SELECT json_object_agg(name, json_build_object('default', fallback, 'versions', versions, 'requires', requires,
                               'untrusted', untrusted AND current_setting('rds.extensions', true) IS NULL))
      FROM (SELECT a.name, max(a.default_version) AS fallback, json_object_agg(v.version, v.schema) AS versions,
                   bool_or(v.superuser AND NOT v.trusted) AS untrusted,
                   (SELECT json_agg(DISTINCT needed) FROM v w, unnest(w.requires) needed WHERE w.name = a.name) AS requires
            FROM pg_available_extensions() a JOIN v USING (name) GROUP BY a.name) known), '{}') ELSE '{}' END
)
