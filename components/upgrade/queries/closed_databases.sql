SELECT format('database %%I', datname), format('ALTER DATABASE %%I ALLOW_CONNECTIONS true, or drop it', datname)
FROM pg_database WHERE NOT datallowconn AND datname <> 'template0' AND datconnlimit <> -2 ORDER BY datname
