SELECT format('collation %%I.%%I: version %%s, the server has %%s', n.nspname, c.collname, c.collversion,
              pg_collation_actual_version(c.oid)),
       format('REINDEX what is sorted by it, then ALTER COLLATION %%I.%%I REFRESH VERSION', n.nspname, c.collname)
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE c.collversion IS NOT NULL AND c.collversion <> pg_collation_actual_version(c.oid)
  AND EXISTS (SELECT FROM pg_index i WHERE c.oid = ANY (i.indcollation)) ORDER BY 1
