-- Sent only where pg_authid may be read. The verifiers stay on the server: their digest is enough to compare.
SELECT json_object_agg(rolname, CASE WHEN rolpassword IS NOT NULL
         THEN encode(sha256(convert_to(rolpassword, 'UTF8')), 'hex') END)::text
FROM pg_authid WHERE rolname = ANY(%(roles)s)
