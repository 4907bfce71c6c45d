-- Only where pg_authid may be read. The verifiers stay on the server: their digest is enough to compare. To name
-- pg_authid in a statement takes the right to read it, so the text that names it is made only for who has the right.
SELECT CASE WHEN has_table_privilege('pg_catalog.pg_authid', 'SELECT') THEN
  convert_from(decode(split_part(split_part(query_to_xml(format($query$
    SELECT encode(convert_to(coalesce(json_object_agg(rolname, encode(sha256(convert_to(rolpassword, 'UTF8')), 'hex')),
                                      '{}')::text, 'UTF8'), 'hex') AS found
    FROM pg_catalog.pg_authid WHERE rolpassword IS NOT NULL AND rolname = ANY (%%L)$query$, %(roles)s::text[]),
  false, true, '')::text, '<found>', 2), '</found>', 1), 'hex'), 'UTF8')::json END
