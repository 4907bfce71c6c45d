SELECT format('database %%I', datname), format('DROP DATABASE %%I', datname)
FROM pg_database WHERE datconnlimit = -2 ORDER BY datname
