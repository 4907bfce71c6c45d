SELECT format('extension %%I', extname), format('see whether RDS has it for the new major, else DROP EXTENSION %%I', extname)
FROM pg_extension WHERE extname <> 'plpgsql' AND extname <> ALL (%(known)s) AND extname <> ALL (%(removed)s)
ORDER BY extname
