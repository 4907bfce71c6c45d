-- The tables of aves come from its ORM's migrations, after this. What the row policies ask has to be there before.
-- Who is learning: set by the application in each transaction, so that it holds behind a pooler. A session that once had a
-- value shows '' afterwards, hence nullif: nobody set is NULL, and NULL owns no row.
CREATE FUNCTION app.current_user_id() RETURNS varchar
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT nullif(current_setting('app.current_user_id', true), '')::varchar $$;
COMMENT ON FUNCTION app.current_user_id IS 'The learner that this transaction works for; NULL, and so nobody, where none is set';

-- The figures are the ORM's materialised view; until its migration ran there is nothing to refresh.
CREATE FUNCTION ops.refresh_statistics() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF to_regclass('app.species_statistics') IS NULL THEN
        RETURN false;
    END IF;
    REFRESH MATERIALIZED VIEW CONCURRENTLY app.species_statistics;
    RETURN true;
END
$$;
COMMENT ON FUNCTION ops.refresh_statistics IS 'Refreshes the statistics while they are read; false where they are not there yet';
