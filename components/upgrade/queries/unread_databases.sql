SELECT format('database %%I', datname), format('GRANT CONNECT ON DATABASE %%I TO %%I', datname, current_user)
FROM pg_database
WHERE datallowconn AND datconnlimit <> -2 AND datname <> 'rdsadmin'
  AND NOT has_database_privilege(oid, 'CONNECT') ORDER BY datname
