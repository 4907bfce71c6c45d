SELECT format('extension %%I %%s, of which this server has %%s', x.name, x.installed_version, x.default_version),
       CASE WHEN x.name LIKE 'postgis%%' THEN 'SELECT postgis_extensions_upgrade()'
            ELSE format('ALTER EXTENSION %%I UPDATE', x.name) END
FROM pg_available_extensions x
WHERE x.installed_version <> x.default_version AND (x.name = ANY (%(first)s)) = %(must)s ORDER BY x.name
