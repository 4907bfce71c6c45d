WITH RECURSIVE holding AS (
    SELECT t.oid, t.oid AS wanted FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE format('%%s.%%s', n.nspname, t.typname) = ANY (%(types)s)
  UNION
    SELECT above.oid, below.wanted
    FROM holding below
    CROSS JOIN LATERAL (
        SELECT t.oid FROM pg_type t WHERE t.typtype = 'd' AND t.typbasetype = below.oid
        UNION ALL SELECT t.oid FROM pg_type t WHERE t.typelem = below.oid AND t.typcategory = 'A'
        UNION ALL SELECT r.rngtypid FROM pg_range r WHERE r.rngsubtype = below.oid
        UNION ALL SELECT c.reltype FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                  WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = below.oid
    ) above
)
SELECT format('column %%I of %%s %%s (%%s)', a.attname,
              CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' ELSE 'table' END,
              c.oid::regclass, format_type(a.atttypid, a.atttypmod)),
       CASE c.relkind WHEN 'i' THEN format('DROP INDEX %%s', c.oid::regclass)
            WHEN 'm' THEN format('DROP MATERIALIZED VIEW %%s, and make it anew without the type', c.oid::regclass)
            ELSE format('ALTER TABLE %%s ALTER COLUMN %%I TYPE %%s, or drop the column', c.oid::regclass, a.attname,
                        CASE WHEN format_type(h.wanted, NULL) LIKE 'reg%%' THEN 'text or oid' ELSE 'another type' END)
       END
FROM holding h
JOIN pg_attribute a ON a.atttypid = h.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm', 'i')
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY 1
