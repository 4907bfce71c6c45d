SELECT format('index %%s', i.indexrelid::regclass), format('REINDEX INDEX CONCURRENTLY %%s, after the upgrade', i.indexrelid::regclass)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indclass) AS k (class)
JOIN pg_opclass o ON o.oid = k.class
LEFT JOIN pg_depend x ON x.classid = 'pg_opclass'::regclass AND x.objid = o.oid AND x.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = x.refobjid AND x.refclassid = 'pg_extension'::regclass
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
  AND (o.opcintype = 'tsvector'::regtype OR e.extname = 'pg_trgm')
  AND (SELECT to_jsonb(d) ->> 'datlocprovider' FROM pg_database d WHERE d.datname = current_database()) <> 'c'
GROUP BY i.indexrelid ORDER BY 1
