SELECT format('column %%I of table %%s, which %%s says is NOT NULL', child.attname, i.inhrelid::regclass,
              i.inhparent::regclass),
       format('ALTER TABLE %%s ALTER COLUMN %%I SET NOT NULL', i.inhrelid::regclass, child.attname)
FROM pg_inherits i
JOIN pg_attribute child ON child.attrelid = i.inhrelid AND child.attnum > 0 AND NOT child.attisdropped
JOIN pg_attribute parent ON parent.attrelid = i.inhparent AND parent.attname = child.attname
JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f')
WHERE parent.attnotnull AND NOT child.attnotnull ORDER BY 1
