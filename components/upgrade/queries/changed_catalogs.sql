WITH gone AS (
    SELECT split_part(name, '.', 1) AS relation, split_part(name, '.', 2) AS word, name
    FROM unnest(%(columns)s::text[]) AS name
  UNION ALL
    SELECT NULL, name, name || '()' FROM unnest(%(functions)s::text[]) AS name
)
SELECT format('%%s %%s, which uses %%s', CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END,
              c.oid::regclass, string_agg(gone.name, ', ' ORDER BY gone.name)),
       format('DROP %%s %%s, and make it anew after the upgrade',
              CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, c.oid::regclass)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_get_viewdef(c.oid) AS text) AS definition
JOIN gone ON definition.text ~ ('\m' || gone.word || '\M')
         AND (gone.relation IS NULL OR definition.text ~ ('\m' || gone.relation || '\M'))
WHERE c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                  AND d.deptype = 'e')
GROUP BY c.oid, c.relkind ORDER BY 1
