WITH changed AS (
    SELECT to_regprocedure(name)::oid AS oid, name FROM unnest(ARRAY[
        'array_append(anyarray,anyelement)', 'array_cat(anyarray,anyarray)', 'array_prepend(anyelement,anyarray)',
        'array_remove(anyarray,anyelement)', 'array_replace(anyarray,anyelement,anyelement)',
        'array_position(anyarray,anyelement)', 'array_position(anyarray,anyelement,integer)',
        'array_positions(anyarray,anyelement)', 'width_bucket(anyelement,anyarray)']) AS name
)
SELECT format('aggregate %%s, which uses %%s', a.aggfnoid::oid::regprocedure, changed.name),
       format('DROP AGGREGATE %%s, and make it anew after the upgrade', a.aggfnoid::oid::regprocedure)
FROM changed
JOIN pg_aggregate a ON changed.oid IN (a.aggtransfn::oid, a.aggfinalfn::oid)
JOIN pg_proc p ON p.oid = a.aggfnoid::oid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
UNION ALL
SELECT format('operator %%s, which uses %%s', o.oid::regoperator, changed.name),
       format('DROP OPERATOR %%s, and make it anew after the upgrade', o.oid::regoperator)
FROM changed
JOIN pg_operator o ON o.oprcode::oid = changed.oid JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1
