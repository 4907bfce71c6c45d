SELECT format('conversion %%I.%%I', n.nspname, c.conname), format('DROP CONVERSION %%I.%%I', n.nspname, c.conname)
FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
