SELECT format('transaction %%L in database %%I', gid, database),
       format('COMMIT PREPARED %%L or ROLLBACK PREPARED %%L, in that database', gid, gid)
FROM pg_prepared_xacts ORDER BY gid
