SELECT format('column %%I of table %%s (%%s)', a.attname, c.oid::regclass, format_type(a.atttypid, a.atttypmod)),
       format('ALTER TABLE %%s DROP COLUMN %%I, and keep its parts in columns of their own', c.oid::regclass, a.attname)
FROM pg_type t
JOIN pg_namespace tn ON tn.oid = t.typnamespace AND tn.nspname IN ('pg_catalog', 'information_schema')
JOIN pg_attribute a ON a.atttypid IN (t.oid, t.typarray) AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm', 'i')
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE t.typtype = 'c' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY 1
