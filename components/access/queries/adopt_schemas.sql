-- The schemas of a database that are neither the server's nor an extension's, and whether anything is in each.
SELECT json_object_agg(n.nspname, EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid)
                               OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid)
                               OR EXISTS (SELECT FROM pg_type t WHERE t.typnamespace = n.oid))
FROM pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_namespace'::regclass AND e.objid = n.oid)
