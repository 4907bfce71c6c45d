SELECT format('extension %%I', extname), format('DROP EXTENSION %%I', extname)
FROM pg_extension WHERE extname = ANY (%(removed)s) ORDER BY extname
