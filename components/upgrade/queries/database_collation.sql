SELECT format('default collation of database %%I: version %%s, the server has %%s', d.datname, d.datcollversion,
              pg_database_collation_actual_version(d.oid)),
       format('REINDEX DATABASE %%I, then ALTER DATABASE %%I REFRESH COLLATION VERSION', d.datname, d.datname)
FROM pg_database d
WHERE d.datname = current_database() AND d.datcollversion <> pg_database_collation_actual_version(d.oid)
