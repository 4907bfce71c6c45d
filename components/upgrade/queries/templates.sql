SELECT format('database %%I', wanted.name),
       CASE WHEN d.oid IS NULL THEN format('CREATE DATABASE %%I TEMPLATE template0 IS_TEMPLATE true', wanted.name)
            ELSE format('ALTER DATABASE %%I ALLOW_CONNECTIONS false', wanted.name) END
FROM (VALUES ('template0', false), ('template1', NULL)) AS wanted (name, open)
LEFT JOIN pg_database d ON d.datname = wanted.name
WHERE d.oid IS NULL OR d.datallowconn <> wanted.open ORDER BY wanted.name
