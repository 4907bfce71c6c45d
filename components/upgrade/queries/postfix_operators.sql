SELECT format('operator %%s', o.oid::regoperator), format('DROP OPERATOR %%s', o.oid::regoperator)
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oprright = 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
